extension Schema {
    /// The table of windows with all six kinds.
    /// Its new name is not a reserved word of other databases.
    /// Older stores distinguished mutes, catch-ups and ceilings by name, and stored built-in routes as plain words, so a route of the
    /// configuration with such a name becomes a built-in one in old rows.
    static let windowKinds = """
        CREATE TABLE event_window (
            id INTEGER PRIMARY KEY,
            kind TEXT NOT NULL CHECK (kind IN ('digest', 'quiet', 'mute', 'catch_up', 'storm', 'ceiling')),
            name TEXT NOT NULL,
            destination TEXT NOT NULL,
            opens_at INTEGER NOT NULL,
            closes_at INTEGER NOT NULL,
            closed_at INTEGER,
            event INTEGER REFERENCES event(n),
            upto INTEGER,
            UNIQUE (kind, name, destination, closes_at)
        ) STRICT;
        INSERT INTO event_window (id, kind, name, destination, opens_at, closes_at, closed_at, event, upto)
            SELECT id,
                CASE
                    WHEN kind = 'quiet' AND substr(name, 1, 5) = 'mute/' THEN 'mute'
                    WHEN kind = 'quiet' AND name = 'catch-up' THEN 'catch_up'
                    WHEN kind = 'storm' AND name = 'ceiling' THEN 'ceiling'
                    ELSE kind
                END,
                CASE
                    WHEN kind = 'quiet' AND substr(name, 1, 5) = 'mute/' THEN substr(name, 6)
                    WHEN kind = 'quiet' AND name IN ('quiet', 'catch-up') THEN ''
                    WHEN kind = 'storm' AND name = 'ceiling' THEN ''
                    ELSE name
                END,
                destination, opens_at, closes_at, closed_at, event, upto
            FROM window ORDER BY id;
        ALTER TABLE member RENAME TO old_member;
        DROP INDEX member_event;
        CREATE TABLE member (
            window_id INTEGER NOT NULL REFERENCES event_window(id),
            event INTEGER NOT NULL REFERENCES event(n),
            told_at_once INTEGER NOT NULL,
            PRIMARY KEY (window_id, event)
        ) STRICT, WITHOUT ROWID;
        INSERT INTO member SELECT window_id, event, told_at_once FROM old_member ORDER BY window_id, event;
        DROP TABLE old_member;
        DROP TABLE window;
        CREATE INDEX event_window_open ON event_window(closes_at) WHERE closed_at IS NULL;
        CREATE INDEX event_window_event ON event_window(event) WHERE event IS NOT NULL;
        CREATE INDEX member_event ON member(event);
        UPDATE delivery SET route = ':' || route
            WHERE route IN ('update', 'fallback', 'health_to', 'catch-up', 'quiet', 'storm', 'mute') OR substr(route, 1, 7) = 'digest ';
        UPDATE delivery SET options = json_remove(json_set(options, '$.refreshes', json('true')), '$.redraws')
            WHERE CASE WHEN json_valid(options) THEN json_extract(options, '$.redraws') END = 1;
        UPDATE delivery SET options = json_remove(json_set(options, '$.collapse_window', json_extract(options, '$.storm')), '$.storm')
            WHERE CASE WHEN json_valid(options) THEN json_extract(options, '$.storm') END IS NOT NULL;
        """
}
