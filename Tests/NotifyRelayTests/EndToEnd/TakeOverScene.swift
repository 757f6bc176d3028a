import Foundation
import RelayCore
import RelaySupport
import RelayTesting
import Sandbox
import Testing

/// Two relays with one database, each behind a proxy of its own, a stand-in RevKeen and an inbox.
actor TakeOverScene {
    static let width = 4
    /// The aims: half of the take-overs within 5 s, all within 10 s and a little for a busy machine.
    private static let longest = Duration.seconds(25)

    private struct Seat {
        var relay: RelayProcess
        let proxy: DatabaseProxy
        let file: String
    }

    private let place: Workplace
    private let inbox = Inbox()
    private let world = StandInRevKeen(clock: SystemClock(), seed: 11)
    private let server: SandboxServer
    private let database: String
    private let automation: String
    private var seats: [Seat] = []
    private(set) var expected: Set<String> = []
    private nonisolated let taken = Locked<[Duration]>([])

    init() async throws {
        place = try Workplace()
        server = SandboxServer(world: world, inbox: inbox)
        let addresses = try await server.start()
        automation = await world.addAutomation(name: "Nightly invoices")
        database = try TestDatabase.make()
        for number in 0..<2 {
            let port = try #require(URLComponents(string: database)?.port)
            let proxy = try DatabaseProxy(to: port)
            let file = "relay-\(number).yaml"
            try place.write(
                """
                store: "\(database.replacing(":\(port)/", with: ":\(proxy.port)/"))"
                accounts:
                  a: {api_key: "rk_sandbox_test", base_url: "\(addresses.api)", first_look: 1h, poll: {approvals: 1s, runs: 1s..2s, automations: 1s, budget: none}}
                destinations:
                  hook: {type: webhook, url: "\(addresses.webhook)", width: \(Self.width)}
                routes:
                  - {name: all, when: {kind: [notification, approval]}, to: [hook]}
                """, to: file)
            seats.append(Seat(relay: try RelayProcess(["run", "--config", file], in: place.folder), proxy: proxy, file: file))
            // The first one leads, and makes the tables.
            if number == 0 { #expect(await leads(after: 0), "nobody leads: \(seats[0].relay.errorText)") }
        }
        try watchWriters()
    }

    // MARK: What happens

    func happen(runs: Int) async {
        for _ in 0..<runs {
            let run = await world.startRun(of: automation)
            for number in 0..<3 {
                let id = await world.notify(run: run, priority: "normal", type: "note", message: "number \(number)")
                expected.insert("a/notification/\(id)")
            }
            let approval = await world.requestApproval(run: run, action: "go on?")
            expected.insert("a/approval/\(approval)/v1")
        }
    }

    /// Kills the leader, waits until another one leads, and starts a relay in its place.
    func killLeader() async throws {
        let epoch = try epoch(), seat = try leaderSeat()
        let start = ContinuousClock.now
        seats[seat].relay.kill()
        #expect(await leads(after: epoch), "nobody took over: \(logs())")
        taken.withLock { $0.append(.now - start) }
        seats[seat].relay = try RelayProcess(["run", "--config", seats[seat].file], in: place.folder)
    }

    /// Stops the leader for a time, while things happen. If it stops long enough another one leads.
    func pause(for length: Duration) async throws {
        let epoch = try epoch(), relay = seats[try leaderSeat()].relay
        let start = ContinuousClock.now
        relay.send(SIGSTOP)
        defer { relay.send(SIGCONT) }
        while .now < start + length {
            if try self.epoch() > epoch {
                taken.withLock { $0.append(.now - start) }
                break
            }
            try await Task.sleep(for: .milliseconds(10))
        }
        await happen(runs: 1)
        while .now < start + length { try await Task.sleep(for: .milliseconds(50)) }
    }

    /// Disturbs the connection of the leader in one of four ways.
    func disturb(_ way: Int) async throws {
        let epoch = try epoch(), proxy = seats[try leaderSeat()].proxy
        let start = ContinuousClock.now
        switch way {
        case 0: proxy.cut()
        case 1: proxy.closeHalf()
        case 2:
            proxy.behave(.freeze)
            #expect(await leads(after: epoch), "nobody took over from a frozen leader: \(logs())")
            taken.withLock { $0.append(.now - start) }
            proxy.behave(.pass)
        default:
            proxy.behave(.delay)
            await happen(runs: 2)
            try await Task.sleep(for: .seconds(2))
            proxy.behave(.pass)
        }
        await happen(runs: 1)
    }

    /// Restarts the server. Either of the two leads afterwards.
    func restartDatabase(_ mode: String) async throws {
        let control = try #require(ProcessInfo.processInfo.environment["NOTIFY_RELAY_TEST_CONTROL"])
        let before = try beat(), process = Process()
        process.executableURL = URL(fileURLWithPath: control)
        process.arguments = ["restart", mode]
        let start = ContinuousClock.now
        try process.run()
        await happen(runs: 1)
        process.waitUntilExit()
        #expect(await comesTrue(within: Self.longest) { (try? self.beat()).map { $0 != before } ?? false }, "nobody leads: \(logs())")
        taken.withLock { $0.append(.now - start) }
    }

    func stop() async {
        for seat in seats {
            seat.relay.send(SIGCONT)
            seat.relay.kill()
        }
        await server.stop()
        try? TestDatabase.drop(database)
    }

    // MARK: What came of it

    func allArrives() async -> Bool { await comesTrue(within: .seconds(60)) { await missing().isEmpty } }

    func missing() async -> Set<String> { expected.subtracting(await inbox.identities().keys) }

    func repeats() async -> Int { await inbox.repeats() }

    nonisolated func times() -> String {
        let all = taken.withLock { $0.sorted() }
        guard !all.isEmpty else { return "no take-over was measured" }
        func seconds(_ share: Double) -> String {
            let time = all[min(all.count - 1, Int((Double(all.count) * share).rounded(.up)) - 1)]
            return String(format: "%.2f s", time / .seconds(1))
        }
        return "\(all.count) take-overs: p50 \(seconds(0.5)), p99 \(seconds(0.99)), longest \(seconds(1))"
    }

    func logs() -> String { seats.map { "\($0.file):\n\($0.relay.errorText.suffix(3_000))" }.joined(separator: "\n") }

    // MARK: The database

    private nonisolated func number(_ sql: String) throws -> Int { try TestDatabase.run(sql, in: database).first.flatMap { Int($0) } ?? 0 }

    private func epoch() throws -> Int { try number("SELECT epoch FROM leader") }

    private nonisolated func beat() throws -> String {
        try TestDatabase.run("SELECT epoch || '/' || beat FROM leader", in: database).first ?? ""
    }

    nonisolated func reigns() throws -> Int { try number("SELECT count(DISTINCT epoch) FROM written") }

    private func leads(after epoch: Int) async -> Bool {
        await comesTrue(within: Self.longest) { (try? self.epoch()).map { $0 > epoch } ?? false }
    }

    /// The seat whose process leads.
    private func leaderSeat() throws -> Int {
        let holder = try TestDatabase.run("SELECT holder FROM leader", in: database).first ?? ""
        return try #require(seats.firstIndex { holder.hasPrefix("process \($0.relay.id) ") }, "\(holder) is none of ours")
    }

    /// Writes down who writes: each change of the leader's row, and each row that only a leader may write, by the transaction.
    private nonisolated func watchWriters() throws {
        try TestDatabase.run(
            """
            CREATE TABLE written (n BIGINT GENERATED ALWAYS AS IDENTITY, epoch BIGINT, tx BIGINT, session INT);
            CREATE TABLE touched (n BIGINT GENERATED ALWAYS AS IDENTITY, what TEXT, tx BIGINT);
            CREATE FUNCTION note_leader() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                INSERT INTO written (epoch, tx, session) VALUES (NEW.epoch, txid_current(), pg_backend_pid()); RETURN NULL; END $$;
            CREATE FUNCTION note_row() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                INSERT INTO touched (what, tx) VALUES (TG_TABLE_NAME, txid_current()); RETURN NULL; END $$;
            CREATE TRIGGER note_leader AFTER UPDATE ON leader FOR EACH ROW EXECUTE FUNCTION note_leader();
            CREATE TRIGGER note_event AFTER INSERT ON event FOR EACH ROW EXECUTE FUNCTION note_row();
            CREATE TRIGGER note_attempt AFTER INSERT ON attempt FOR EACH ROW EXECUTE FUNCTION note_row();
            CREATE TRIGGER note_delivery AFTER UPDATE ON delivery FOR EACH ROW EXECUTE FUNCTION note_row();
            """, in: database)
    }

    /// The row of the leader is locked from its change to the end of the transaction, so its changes are numbered in the order of commits.
    nonisolated func expectOneWriterAtATime(seed: UInt64) throws {
        let older = try number(
            "SELECT count(*) FROM (SELECT epoch, max(epoch) OVER (ORDER BY n) AS most FROM written) w WHERE epoch < most")
        #expect(older == 0, "an older reign wrote after a newer one (seed \(seed))")
        let unfenced = try number("SELECT count(*) FROM touched t WHERE NOT EXISTS (SELECT 1 FROM written w WHERE w.tx = t.tx)")
        #expect(unfenced == 0, "something was written without the fence (seed \(seed))")
        #expect(try number("SELECT count(*) FROM touched") > 0)
    }
}
