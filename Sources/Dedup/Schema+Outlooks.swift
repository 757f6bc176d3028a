extension Schema {
    /// What was learned of when to look.
    /// `haste` says which of the details that are due is read first: 0 a run that goes on or a late look, 1 a finished run that was not read,
    /// 2 such a run that failed, 3 a run whose approval waits to be judged.
    /// `expected`, `p50` and `p95` are milliseconds from a thing's own time until it is seen.
    /// `outlook` has one row for each automation, and one for the account, whose `automation` is empty and whose `events` counts the late
    /// looks since one brought something. `duration` and `delay` are the number, the mean and the summed squares of logarithms of seconds.
    static let outlooks = """
        ALTER TABLE run_watch ADD COLUMN haste INTEGER NOT NULL DEFAULT 0;
        UPDATE run_watch SET haste = 1 WHERE settled = 0 AND completed_at IS NOT NULL AND rung = 0;
        DROP INDEX run_watch_due;
        CREATE INDEX run_watch_due ON run_watch(account, haste, due_at) WHERE settled = 0;
        ALTER TABLE feed ADD COLUMN expected INTEGER;
        ALTER TABLE feed ADD COLUMN p50 INTEGER;
        ALTER TABLE feed ADD COLUMN p95 INTEGER;
        ALTER TABLE feed ADD COLUMN stretch REAL;
        CREATE TABLE outlook (
            account TEXT NOT NULL,
            automation TEXT NOT NULL,
            looked_at INTEGER,
            events REAL NOT NULL,
            seconds REAL NOT NULL,
            inside_events REAL NOT NULL,
            inside_seconds REAL NOT NULL,
            duration_count REAL NOT NULL,
            duration_mean REAL NOT NULL,
            duration_square REAL NOT NULL,
            delay_count REAL NOT NULL,
            delay_mean REAL NOT NULL,
            delay_square REAL NOT NULL,
            PRIMARY KEY (account, automation)
        ) STRICT, WITHOUT ROWID;
        """
}
