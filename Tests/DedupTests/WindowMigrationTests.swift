import GRDB
import RelayCore
import RelaySupport
import RelayTesting
import Testing

@testable import Dedup

/// A store of version 3, whose windows were distinguished by their names, becomes one whose windows have six kinds.
@Suite(.enabled(if: TestStore.isFile))
struct WindowMigrationTests {
    private struct Old: Sendable {
        var kind: String
        var name: String
        var destination = ""
    }

    /// The windows of the old store, numbered from 1.
    private static let windows = [
        Old(kind: "digest", name: "daily"), Old(kind: "digest", name: "catch-up"), Old(kind: "digest", name: "quiet"),
        Old(kind: "digest", name: "ceiling"), Old(kind: "digest", name: "storm"), Old(kind: "quiet", name: "quiet", destination: "ops"),
        Old(kind: "quiet", name: "mute/Sync*", destination: "ops"), Old(kind: "quiet", name: "mute/mute/x", destination: "ops"),
        Old(kind: "quiet", name: "catch-up", destination: "ops"), Old(kind: "storm", name: "failures/0123abcd", destination: "ops"),
        Old(kind: "storm", name: "ceiling", destination: "ops"), Old(kind: "storm", name: "ceiling/0123abcd", destination: "mail"),
    ]

    /// The same windows afterwards, by kind and name.
    private static let moved = [
        "digest daily", "digest catch-up", "digest quiet", "digest ceiling", "digest storm", "quiet ", "mute Sync*", "mute mute/x",
        "catch_up ", "storm failures/0123abcd", "ceiling ", "storm ceiling/0123abcd",
    ]

    private let clock = ManualClock()
    private let folder = TestFolder()
    private var path: String { folder.path + "/relay.db" }

    /// Writes a store of version 3.
    ///
    /// - Parameter fill: adds rows beside the windows, each of which has one member with the number of the window.
    private func store(_ fill: @escaping @Sendable (SQLSession) throws -> Void = { _ in }) async throws {
        let old = try Ledger.open(.file(path), as: .leader, clock: clock, migrations: Migrations(steps: Array(Migration.all.prefix(3))))
        let now = clock.now.milliseconds
        try await old.writes.write("fill") { db in
            for (index, window) in Self.windows.enumerated() {
                let number = index + 1, id = "live/notification/\(number)"
                try db.database.execute(
                    sql: """
                        INSERT INTO event VALUES (?, ?, 'live', 'notification', ?, 1, ?, ?, '{"message":"text"}');
                        INSERT INTO window VALUES (?, ?, ?, ?, ?, ?, NULL, NULL, NULL);
                        INSERT INTO member VALUES (?, ?, ?);
                        """,
                    arguments: [
                        number, id, id, now, now, number, window.kind, window.name, window.destination, now, now + 60_000, number, number,
                        number % 2,
                    ])
            }
            try fill(db)
        }
        try old.close()
    }

    private func open() throws -> Ledger { try Ledger.open(.file(path), as: .leader, clock: clock) }

    @Test func `each window gets its kind, and a digest stays one whatever its name`() async throws {
        try await store()
        let ledger = try open()
        defer { try? ledger.close() }
        let windows = try await ledger.openWindows().sorted { $0.window.id < $1.window.id }
        #expect(windows.map { "\($0.window.kind.rawValue) \($0.window.name)" } == Self.moved)
        #expect(windows.map(\.window.destination) == Self.windows.map(\.destination))
        #expect(windows.map(\.count) == Self.windows.map { _ in 1 })
        #expect(windows.allSatisfy { $0.window.opensAt == clock.now && $0.window.closesAt == clock.now + .seconds(60) })
    }

    @Test func `members, messages and closing times are kept, and foreign keys hold`() async throws {
        try await store { db in
            try db.database.execute(sql: "UPDATE window SET closed_at = 5, event = 12, upto = 11 WHERE id = 2")
        }
        let ledger = try open()
        defer { try? ledger.close() }
        #expect(try await ledger.told(of: 2)?.event.id == "live/notification/12")
        let history = try await ledger.history("live/notification/2").windows
        #expect(history.map(\.window.closedAt) == [Timestamp(milliseconds: 5)] && history.map(\.toldAtOnce) == [false])
        #expect(try await ledger.history("live/notification/3").windows.map(\.toldAtOnce) == [true])
        let (upto, broken, parents, tables) = try await ledger.read { db in
            (
                try Int.fetchOne(db.database, sql: "SELECT upto FROM event_window WHERE id = 2"),
                try Row.fetchAll(db.database, sql: "PRAGMA foreign_key_check").count,
                try Row.fetchAll(db.database, sql: "PRAGMA foreign_key_list(member)").map { $0["table"] as String }.sorted(),
                try String.fetchAll(db.database, sql: "SELECT name FROM sqlite_schema WHERE name IN ('window', 'old_member')")
            )
        }
        #expect(upto == 11 && broken == 0 && parents == ["event", "event_window"] && tables.isEmpty)
    }

    @Test func `what joined before and what joins now close as one`() async throws {
        try await store()
        let ledger = try open()
        defer { try? ledger.close() }
        clock.advance(by: .seconds(1))
        let next = notification(100, at: clock)
        for kind in [WindowKind.catchUp, .ceiling] {
            let join = WindowJoin(kind: kind, destination: "ops", opensAt: clock.now, closesAt: clock.now, joinsAnyOpen: true)
            var event = next
            event.id += "/\(kind.rawValue)"
            _ = try await ledger.admit([Admission(event: event, windows: [join])])
            let open = try await ledger.openWindows(kind)
            #expect(open.map(\.closesAt) == [clock.now + .seconds(59)])
            let count = try await ledger.readWindows(open.map(\.id)) { try $0.span()?.count }
            #expect(count == 2)
            #expect(try await ledger.close(open[0].id))
        }
        try await ledger.mute("Sync*", until: clock.now + .seconds(5))
        #expect(try await ledger.openWindows(.mute, named: "Sync*").map(\.closesAt) == [clock.now + .seconds(5)])
        #expect(try await ledger.openWindows(.digest, named: "catch-up").map(\.id) == [2])
    }

    @Test func `a delivery keeps its route and its options under their new words`() async throws {
        let routes = ["update", "fallback", "health_to", "catch-up", "quiet", "storm", "mute", "digest daily", "failures", "digests"]
        let options = [
            #"{"at_most_once":true,"redraws":true}"#, #"{"storm":7}"#, #"{"mention":"\"redraws\":true"}"#, nil,
            #"{"redraws":true,"storm":8}"#,
        ]
        try await store { db in
            for (index, route) in routes.enumerated() {
                try db.database.execute(
                    sql: """
                        INSERT INTO delivery (event, destination, recipient, route, priority, state, due_at, options)
                        VALUES (1, ?, '', ?, 1, 'owed', 0, ?)
                        """, arguments: ["d\(index)", route, index < options.count ? options[index] : nil])
            }
        }
        let ledger = try open()
        defer { try? ledger.close() }
        let deliveries = try await ledger.history("live/notification/1").deliveries
        #expect(
            deliveries.map(\.route) == [
                .builtIn(.update), .builtIn(.fallback), .builtIn(.healthTo), .builtIn(.catchUp), .builtIn(.quiet), .builtIn(.storm),
                .builtIn(.mute), .digest("daily"), "failures", "digests",
            ])
        #expect(deliveries.map(\.route.description) == routes)
        let texts = try await ledger.read { try String?.fetchAll($0.database, sql: "SELECT options FROM delivery ORDER BY id LIMIT 5") }
        #expect(
            texts.map(DeliveryOptions.init(text:)) == [
                DeliveryOptions(atMostOnce: true, refreshes: true), DeliveryOptions(collapseWindow: 7),
                DeliveryOptions(mention: #""redraws":true"#), DeliveryOptions(), DeliveryOptions(refreshes: true, collapseWindow: 8),
            ])
        let refreshed = try await ledger.read {
            try Int.fetchAll($0.database, sql: "SELECT id FROM delivery d WHERE \(MessageRefresh.isOne("d")) ORDER BY id")
        }
        #expect(refreshed == [1, 5])
    }

    @Test(arguments: RouteName.BuiltIn.allCases.map(RouteName.builtIn) + [.digest("daily"), "update", "digest", "mute"])
    func `a stored route is read as what it was`(route: RouteName) {
        #expect(RouteName(text: route.text) == route)
    }
}
