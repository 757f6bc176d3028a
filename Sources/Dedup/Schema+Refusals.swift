extension Schema {
    /// What a destination refused about a delivery.
    /// `plain` is 1 once it refused the trimmings of the message, which is then sent in its plainest shape, also after a crash.
    /// `event_window.released` is 1 once a person ended the window; its message then waits for no quiet hours.
    /// `refusals` counts the refusals of unknown cause, and `refused_at` is the first of them.
    static let refusals = """
        ALTER TABLE delivery ADD COLUMN plain INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE delivery ADD COLUMN refusals INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE delivery ADD COLUMN refused_at INTEGER;
        ALTER TABLE event_window ADD COLUMN released INTEGER NOT NULL DEFAULT 0;
        """
}
