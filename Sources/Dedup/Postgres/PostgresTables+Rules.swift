extension PostgresTables {
    /// What only PostgreSQL needs, or writes in its own way.
    /// `store_step` has the version of the tables; it also says that they are this program's.
    static let rules = """
        CREATE TABLE leader (
            n BIGINT PRIMARY KEY CHECK (n = 1),
            epoch BIGINT NOT NULL,
            beat BIGINT NOT NULL,
            holder TEXT COLLATE "C" NOT NULL,
            since BIGINT NOT NULL
        );
        INSERT INTO leader VALUES (1, 0, 0, '', 0);
        INSERT INTO pulse VALUES (1, 0, NULL);
        CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN RAISE EXCEPTION 'the % is added to and never changed', TG_TABLE_NAME; END $$;
        CREATE TRIGGER audit_stays BEFORE UPDATE OF at, approval, round, verdict, actor, via, address, reason, state, status ON audit
            FOR EACH ROW EXECUTE FUNCTION refuse_change();
        CREATE TRIGGER act_stays BEFORE UPDATE ON act FOR EACH ROW EXECUTE FUNCTION refuse_change();
        CREATE TABLE store_step (number BIGINT PRIMARY KEY);
        INSERT INTO store_step VALUES (\(PostgresSchema.newest));

        """
}
