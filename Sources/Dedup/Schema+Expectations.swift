extension Schema {
    /// The expectations of automations.
    /// `run_watch.started_at` and `succeeded` are kept only for automations that a rule names, so that all others cost nothing.
    /// `expectation.counted_from` is the schedule's moment, the start of the run, or the last success; `run` is empty unless a run is to end.
    /// `expectation_rule.since` is when a rule was first read. What was due before is not judged by it.
    static let expectations = """
        ALTER TABLE run_watch ADD COLUMN started_at INTEGER;
        ALTER TABLE run_watch ADD COLUMN succeeded INTEGER;
        CREATE INDEX run_watch_started ON run_watch(account, automation, started_at) WHERE started_at IS NOT NULL;
        CREATE INDEX run_watch_going_on ON run_watch(account, automation) WHERE started_at IS NOT NULL AND completed_at IS NULL;
        CREATE INDEX run_watch_succeeded ON run_watch(account, automation, completed_at) WHERE succeeded = 1;
        CREATE TABLE expectation (
            n INTEGER PRIMARY KEY,
            account TEXT NOT NULL,
            automation TEXT NOT NULL,
            name TEXT,
            expected TEXT NOT NULL CHECK (expected IN ('start', 'finish', 'success')),
            run TEXT NOT NULL,
            counted_from INTEGER NOT NULL,
            due_at INTEGER NOT NULL,
            schedule TEXT,
            state TEXT NOT NULL CHECK (state IN ('waiting', 'open', 'met', 'late', 'replaced', 'forgotten')),
            happened_at INTEGER,
            in_a_row INTEGER NOT NULL,
            UNIQUE (account, automation, expected, run, counted_from)
        ) STRICT;
        CREATE INDEX expectation_live ON expectation(account) WHERE state IN ('waiting', 'open');
        CREATE TABLE expectation_rule (
            rule TEXT PRIMARY KEY,
            since INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        """
}
