/// The tables.
/// Times are milliseconds since 1970 and lengths of time are milliseconds.
///
/// Every large table is a rowid table with its text id in a unique index, because clustering rows by a text id doubles the work.
/// The indices of the hot path are partial, so that settled rows never slow down owed ones.
enum Schema {
    static let first = events + deliveries + windows + approvals + looking

    /// Retention empties `payload`; the row and its id are never deleted.
    private static let events = """
        CREATE TABLE event (
            n INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            account TEXT,
            kind TEXT NOT NULL,
            subject TEXT NOT NULL,
            priority INTEGER NOT NULL,
            occurred_at INTEGER NOT NULL,
            seen_at INTEGER NOT NULL,
            payload TEXT
        ) STRICT;
        CREATE INDEX event_kept ON event(seen_at) WHERE payload IS NOT NULL;

        """

    /// `thread` is the subject of an event about an approval, else null; only deliveries of one thread replace one another.
    /// A delivery is claimed while `held_for` is `claim`; `fence` counts its claims, and `attempt` the attempts that used up a try.
    /// `state` has no CHECK of its words, because SQLite would build a table of the words for each row that is written.
    private static let deliveries = """
        CREATE TABLE delivery (
            id INTEGER PRIMARY KEY,
            event INTEGER NOT NULL REFERENCES event(n),
            destination TEXT NOT NULL,
            recipient TEXT NOT NULL,
            route TEXT NOT NULL,
            priority INTEGER NOT NULL,
            state TEXT NOT NULL,
            due_at INTEGER NOT NULL,
            held_for TEXT,
            fence INTEGER NOT NULL DEFAULT 0,
            attempt INTEGER NOT NULL DEFAULT 0,
            first_failed_at INTEGER,
            reason TEXT,
            settled_at INTEGER,
            thread TEXT,
            options TEXT,
            UNIQUE (event, destination, recipient)
        ) STRICT;
        CREATE INDEX delivery_owed ON delivery(destination, priority, due_at) WHERE state = 'owed';
        CREATE INDEX delivery_failed ON delivery(destination) WHERE state IN ('dead', 'unknown');
        CREATE INDEX delivery_thread ON delivery(thread) WHERE thread IS NOT NULL;
        CREATE TABLE attempt (
            n INTEGER PRIMARY KEY,
            delivery INTEGER NOT NULL REFERENCES delivery(id),
            at INTEGER NOT NULL,
            outcome TEXT NOT NULL,
            reason TEXT NOT NULL,
            detail TEXT NOT NULL,
            took INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX attempt_delivery ON attempt(delivery);
        CREATE TABLE receipt (
            n INTEGER PRIMARY KEY,
            subject TEXT NOT NULL,
            destination TEXT NOT NULL,
            recipient TEXT NOT NULL,
            remote TEXT NOT NULL,
            version INTEGER,
            state TEXT NOT NULL CHECK (state IN ('sent', 'uncertain', 'gone')),
            at INTEGER NOT NULL,
            UNIQUE (subject, destination, recipient)
        ) STRICT;
        CREATE INDEX receipt_at ON receipt(at);
        CREATE TABLE lane (
            destination TEXT PRIMARY KEY,
            state TEXT NOT NULL CHECK (state IN ('open', 'blocked', 'down', 'closed')),
            reason TEXT,
            since INTEGER NOT NULL,
            until INTEGER
        ) STRICT;

        """

    private static let windows = """
        CREATE TABLE window (
            id INTEGER PRIMARY KEY,
            kind TEXT NOT NULL CHECK (kind IN ('digest', 'quiet', 'storm')),
            name TEXT NOT NULL,
            destination TEXT NOT NULL,
            opens_at INTEGER NOT NULL,
            closes_at INTEGER NOT NULL,
            closed_at INTEGER,
            UNIQUE (kind, name, destination, closes_at)
        ) STRICT;
        CREATE INDEX window_open ON window(closes_at) WHERE closed_at IS NULL;
        CREATE TABLE member (
            window_id INTEGER NOT NULL REFERENCES window(id),
            event INTEGER NOT NULL REFERENCES event(n),
            told_at_once INTEGER NOT NULL,
            PRIMARY KEY (window_id, event)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX member_event ON member(event);
        CREATE TABLE mute (
            automation TEXT PRIMARY KEY,
            until INTEGER NOT NULL
        ) STRICT;

        """

    private static let approvals = """
        CREATE TABLE approval (
            n INTEGER PRIMARY KEY,
            account TEXT NOT NULL,
            id TEXT NOT NULL,
            version INTEGER NOT NULL,
            shown_hash TEXT NOT NULL,
            payload TEXT,
            priority INTEGER NOT NULL,
            seen_open INTEGER NOT NULL,
            open INTEGER NOT NULL,
            updated_at INTEGER NOT NULL,
            UNIQUE (account, id)
        ) STRICT;
        CREATE INDEX approval_open ON approval(account) WHERE open = 1;
        CREATE INDEX approval_kept ON approval(updated_at) WHERE open = 0 AND payload IS NOT NULL;
        CREATE TABLE answer (
            n INTEGER PRIMARY KEY,
            account TEXT NOT NULL,
            approval TEXT NOT NULL,
            round INTEGER NOT NULL,
            verdict TEXT NOT NULL CHECK (verdict IN ('approve', 'reject')),
            actor TEXT NOT NULL,
            via TEXT NOT NULL,
            reason TEXT,
            asked_at INTEGER NOT NULL,
            due_at INTEGER NOT NULL,
            fence INTEGER NOT NULL DEFAULT 0,
            status INTEGER,
            state TEXT NOT NULL CHECK (state IN ('asked', 'taken', 'refused', 'lost')),
            UNIQUE (account, approval, round)
        ) STRICT;
        CREATE INDEX answer_asked ON answer(due_at) WHERE state = 'asked';
        CREATE TABLE vote (
            account TEXT NOT NULL,
            approval TEXT NOT NULL,
            round INTEGER NOT NULL,
            person TEXT NOT NULL,
            verdict TEXT NOT NULL CHECK (verdict IN ('approve', 'reject')),
            at INTEGER NOT NULL,
            PRIMARY KEY (account, approval, round, person)
        ) STRICT, WITHOUT ROWID;

        """

    private static let looking = """
        CREATE TABLE feed (
            account TEXT NOT NULL,
            name TEXT NOT NULL,
            since INTEGER,
            first_read_at INTEGER,
            last_read_at INTEGER,
            last_shown TEXT,
            saturated INTEGER NOT NULL,
            PRIMARY KEY (account, name)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE run_watch (
            n INTEGER PRIMARY KEY,
            account TEXT NOT NULL,
            run TEXT NOT NULL,
            automation TEXT NOT NULL,
            shown TEXT NOT NULL,
            completed_at INTEGER,
            rung INTEGER NOT NULL,
            due_at INTEGER NOT NULL,
            settled INTEGER NOT NULL,
            UNIQUE (account, run)
        ) STRICT;
        CREATE INDEX run_watch_due ON run_watch(account, due_at) WHERE settled = 0;
        CREATE TABLE pulse (
            n INTEGER PRIMARY KEY CHECK (n = 1),
            at INTEGER NOT NULL,
            room BLOB
        ) STRICT;
        INSERT INTO pulse VALUES (1, 0, NULL);
        """

    /// `audit` has a row for each answer, vote and refusal.
    /// Rows are added and never changed, except that an account may get a new name; the answers of older stores come first.
    /// `vote.shown` is the hash of the approval as the voter saw it.
    /// `listener` holds the position up to which a chat service's updates were read.
    static let audit = """
        CREATE TABLE audit (
            n INTEGER PRIMARY KEY,
            at INTEGER NOT NULL,
            account TEXT NOT NULL,
            approval TEXT NOT NULL,
            round INTEGER NOT NULL,
            verdict TEXT NOT NULL CHECK (verdict IN ('approve', 'reject')),
            actor TEXT NOT NULL,
            via TEXT NOT NULL,
            address TEXT,
            reason TEXT,
            state TEXT NOT NULL CHECK (state IN ('asked', 'taken', 'refused', 'lost', 'voted', 'denied')),
            status INTEGER
        ) STRICT;
        CREATE INDEX audit_approval ON audit(account, approval, round);
        CREATE INDEX audit_at ON audit(at);
        INSERT INTO audit (at, account, approval, round, verdict, actor, via, reason, state, status)
            SELECT asked_at, account, approval, round, verdict, actor, via, reason, state, status FROM answer ORDER BY n;
        CREATE TRIGGER audit_stays BEFORE UPDATE OF at, approval, round, verdict, actor, via, address, reason, state, status ON audit
            BEGIN SELECT RAISE(ABORT, 'the audit is added to and never changed'); END;
        ALTER TABLE vote ADD COLUMN shown TEXT NOT NULL DEFAULT '';
        CREATE TABLE listener (
            source TEXT PRIMARY KEY,
            position INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        """

    /// `finished` has a row for each run that succeeded or failed; streaks of failures are computed from it.
    /// `window.event` is the window's message, null if it closed without one; `upto` is the last event in the store at that moment.
    /// `arrival` has the events of destinations with a ceiling, for as long as they count.
    static let digests = """
        CREATE TABLE finished (
            event INTEGER PRIMARY KEY REFERENCES event(n),
            account TEXT NOT NULL,
            automation TEXT NOT NULL,
            failed INTEGER NOT NULL,
            at INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX finished_automation ON finished(account, automation, failed, at);
        INSERT INTO finished SELECT n, account, automation, outcome = 'failed', occurred_at FROM (
            SELECT n, account, occurred_at, json_extract(payload, '$.outcome') AS outcome,
                coalesce(json_extract(payload, '$.automation_id'), json_extract(payload, '$.automation')) AS automation
            FROM event WHERE kind = 'run' AND payload IS NOT NULL AND account IS NOT NULL)
            WHERE outcome IN ('failed', 'succeeded') AND automation IS NOT NULL;
        ALTER TABLE window ADD COLUMN event INTEGER REFERENCES event(n);
        CREATE INDEX window_event ON window(event) WHERE event IS NOT NULL;
        ALTER TABLE window ADD COLUMN upto INTEGER;
        CREATE TABLE arrival (
            n INTEGER PRIMARY KEY,
            destination TEXT NOT NULL,
            at INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX arrival_at ON arrival(destination, at);
        """
}
