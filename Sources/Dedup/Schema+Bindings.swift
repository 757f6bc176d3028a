extension Schema {
    /// What an answer is bound to.
    /// `answer.shown` is the hash of what the person was shown, and `called_at` is when RevKeen was first called for it: from then on the
    /// answer may have taken effect. An answer can be *withdrawn* until then.
    /// A `CHECK` cannot be changed, so both tables are made anew. An answer of an older store is taken to be for what the approval shows now,
    /// and to have been called.
    static let bindings = """
        CREATE TABLE answer_bound (
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
            state TEXT NOT NULL CHECK (state IN ('asked', 'taken', 'refused', 'lost', 'withdrawn')),
            shown TEXT NOT NULL DEFAULT '',
            called_at INTEGER,
            UNIQUE (account, approval, round)
        ) STRICT;
        INSERT INTO answer_bound (n, account, approval, round, verdict, actor, via, reason, asked_at, due_at, fence, status, state, shown,
                called_at)
            SELECT n, account, approval, round, verdict, actor, via, reason, asked_at, due_at, fence, status, state,
                coalesce((SELECT shown_hash FROM approval p WHERE p.account = a.account AND p.id = a.approval), ''), asked_at
            FROM answer a;
        DROP TABLE answer;
        ALTER TABLE answer_bound RENAME TO answer;
        CREATE INDEX answer_asked ON answer(due_at) WHERE state = 'asked';
        DROP TRIGGER audit_stays;
        CREATE TABLE audit_bound (
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
            state TEXT NOT NULL CHECK (state IN ('asked', 'taken', 'refused', 'lost', 'voted', 'denied', 'withdrawn')),
            status INTEGER
        ) STRICT;
        INSERT INTO audit_bound SELECT n, at, account, approval, round, verdict, actor, via, address, reason, state, status FROM audit;
        DROP TABLE audit;
        ALTER TABLE audit_bound RENAME TO audit;
        CREATE INDEX audit_approval ON audit(account, approval, round);
        CREATE INDEX audit_at ON audit(at);
        CREATE TRIGGER audit_stays BEFORE UPDATE OF at, approval, round, verdict, actor, via, address, reason, state, status ON audit
            BEGIN SELECT RAISE(ABORT, 'the audit is added to and never changed'); END;
        """
}
