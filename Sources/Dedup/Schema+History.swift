extension Schema {
    /// `run_watch.cancelled` is 1 for a run that a list shows as cancelled, and null for all others.
    /// The index has the runs that a list shows as ended and whose detail was not read since, so it is empty most of the time.
    static let history = """
        ALTER TABLE run_watch ADD COLUMN cancelled INTEGER;
        CREATE INDEX run_watch_unread ON run_watch(account, automation, haste, completed_at)
            WHERE settled = 0 AND haste IN (1, 2) AND rung = 0;
        CREATE INDEX expectation_open ON expectation(account) WHERE state = 'open';
        """
}
