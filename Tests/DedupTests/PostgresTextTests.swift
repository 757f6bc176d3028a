import Testing

@testable import Dedup

/// One text serves both databases; three rules make PostgreSQL's form of it.
struct PostgresTextTests {
    @Test(arguments: [
        ("SELECT a FROM t WHERE b = ? AND c = ?", "SELECT a FROM t WHERE b = $1 AND c = $2"),
        ("VALUES (?1, ?2, ?1)", "VALUES ($1, $2, $1)"),
        ("SELECT '?' || a, ? FROM t WHERE b = '? LIKE INDEXED BY x'", "SELECT '?' || a, $1 FROM t WHERE b = '? LIKE INDEXED BY x'"),
        ("FROM delivery d INDEXED BY delivery_owed JOIN event e", "FROM delivery d  JOIN event e"),
        ("UPDATE answer INDEXED BY answer_asked SET due_at = ?", "UPDATE answer  SET due_at = $1"),
        ("FROM finished NOT INDEXED WHERE a NOT IN (?)", "FROM finished  WHERE a NOT IN ($1)"),
        ("a LIKE ? ESCAPE '\\'", "a ILIKE $1 ESCAPE '\\'"),
        ("unlike = UNLIKE AND LIKELY", "unlike = UNLIKE AND LIKELY"),
        ("SELECT 'it''s ?', ?", "SELECT 'it''s ?', $1"),
        ("SELECT n FROM réservé WHERE n = ?10", "SELECT n FROM réservé WHERE n = $10"),
    ])
    func `a text is translated`(text: String, expected: String) {
        #expect(PostgresStatement.translate(text) == expected)
    }

    @Test func `a script is cut at the ends of its statements, and not inside of a body`() {
        let statements = PostgresSchema.statements(of: PostgresTables.all)
        #expect(statements.count { $0.hasPrefix("CREATE TABLE") } == StoreTable.names.count + StoreTable.own.count + 1)
        #expect(statements.filter { $0.hasPrefix("CREATE FUNCTION") }.allSatisfy { $0.hasSuffix("END $$") })
        #expect(statements.allSatisfy { !$0.isEmpty && !$0.hasSuffix(";") })
    }
}
