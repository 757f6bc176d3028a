import Channels
import Dedup
import Foundation
import RelayCore
import RelaySupport
import RelayTesting
import Rendering
import Sandbox
import Testing
import Transport

@testable import NotifyRelay

/// A relay with a stand-in RevKeen and destinations that keep what they get. Nothing happens unless the test makes it happen.
///
/// With `channels: .real` each destination uses its real protocol with the doubles of an inbox, whose base is `House.service`.
final class House: Sendable {
    let clock: ManualClock
    let world: StandInRevKeen
    let inbox: Inbox
    let transport: WorldTransport
    /// The mails that were sent.
    let mail = KeptMail()
    /// The lines that were printed.
    let printed = KeptLines()
    private let opened: Locked<Ledger>
    var ledger: Ledger { opened.withLock { $0 } }
    let book = LogBook()
    private let folder: String
    private let kind: Channels
    private let address: StoreAddress
    /// The URI of the store's database; nil if the store is a file.
    let database: String?
    private let channels = Locked<[String: ScriptedChannel]>([:])
    private let current: Locked<Relay>
    private let rooms: Locked<[String: String]>

    enum Channels {
        case scripted, real
    }

    /// - Parameter yaml: a configuration file, usually from `House.file`.
    init(_ yaml: String = House.file(), channels kind: Channels = .scripted, clock: ManualClock = ManualClock()) async throws {
        self.clock = clock
        self.kind = kind
        inbox = Inbox(clock: clock)
        world = StandInRevKeen(clock: clock, seed: 7)
        await world.arrange { $0.order = .newest }
        transport = WorldTransport(world, inbox, clock: clock)
        folder = NSTemporaryDirectory() + "notify-relay-house-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        database = TestDatabase.isThere ? try TestDatabase.make() : nil
        address = try #require(StoreAddress(database ?? folder + "/relay.db"))
        let ledger = try Ledger.open(address, as: .leader, clock: clock)
        opened = Locked(ledger)
        let scripted = kind == .scripted ? channels : nil
        let tools = Self.tools(transport, mail, printed, clock)
        let generation = try Self.generation(yaml, folder: folder, clock: clock, tools: tools, channels: scripted)
        current = Locked(Self.relay(generation, ledger, transport, clock, book))
        rooms = Locked(Self.rooms(generation))
        try await relay.prepare()
    }

    /// A write that just ended may hold the last reference. This then runs on the writer's own queue, where waiting for that queue would
    /// deadlock, so the ledger is closed on another queue.
    deinit {
        DispatchQueue.global().async { [opened, folder, database] in
            try? opened.withLock { $0 }.close()
            if let database { try? TestDatabase.drop(database) }
            try? FileManager.default.removeItem(atPath: folder)
        }
    }

    var relay: Relay { current.withLock { $0 } }

    /// A file with one account `live`, and by default one destination `ops` that gets everything.
    static func file(
        account: String = "", destinations: String = "ops: {type: console}", routes: String = "{name: all, to: [ops]}", rest: String = ""
    ) -> String {
        """
        accounts: {live: {api_key: rk_live_test, base_url: "https://revkeen.example/v2"\(account.isEmpty ? "" : ", " + account)}}
        destinations: {\(destinations)}
        routes: [\(routes)]
        \(rest)
        """
    }

    func channel(_ name: String = "ops") -> ScriptedChannel {
        channels.withLock { channels in
            let channel = channels[name] ?? ScriptedChannel(clock: clock)
            channels[name] = channel
            return channel
        }
    }

    func generation(_ yaml: String) throws -> Generation {
        let generation = try Self.generation(
            yaml, folder: folder, clock: clock, tools: tools, channels: kind == .scripted ? channels : nil)
        rooms.withLock { $0 = Self.rooms(generation) }
        return generation
    }

    /// The room of a destination in the file that was read last.
    func room(of destination: String) -> String { rooms.withLock { $0[destination] } ?? "" }

    private static func rooms(_ generation: Generation) -> [String: String] {
        Dictionary(uniqueKeysWithValues: generation.destinations.map { ($0.name, $0.room) })
    }

    var tools: ChannelTools { Self.tools(transport, mail, printed, clock) }

    /// The folder of the store and of the file, with a slash at its end.
    var place: String { folder + "/" }

    private static func tools(
        _ transport: WorldTransport, _ mail: KeptMail, _ printed: KeptLines, _ clock: ManualClock
    ) -> ChannelTools {
        ChannelTools(http: transport, mail: mail, clock: clock, write: printed.write, version: "test")
    }

    /// The keys that sign links and buttons.
    static let keys = LinkKeys([Secret("a key that is as good as any other")])

    /// The address of a service's double, for a destination's `url`, `server` or `api_url`.
    static func service(_ kind: InboxMessage.Kind) -> String { "https://inbox.example/hooks/\(kind.rawValue)" }

    /// Ends the relay and starts another one on the same store, by default with the same file.
    func restart(_ yaml: String = House.file()) async throws {
        let relay = Self.relay(try generation(yaml), ledger, transport, clock, book)
        current.withLock { $0 = relay }
        try await relay.prepare()
    }

    /// Restarts with nothing left in memory: the store is opened anew.
    func crash(_ yaml: String) async throws {
        try ledger.close()
        let anew = try Ledger.open(address, as: .leader, clock: clock)
        opened.withLock { $0 = anew }
        try await restart(yaml)
    }

    /// Opens the store a second time, as a command does beside the daemon.
    func asCommand() throws -> Ledger { try Ledger.open(address, as: .beside, clock: clock) }

    private static func relay(
        _ generation: Generation, _ ledger: Ledger, _ transport: WorldTransport, _ clock: ManualClock, _ book: LogBook
    ) -> Relay {
        Relay(
            generation: generation, ledger: ledger, http: transport, clock: clock, logger: book.logger, version: "test", chance: { 0.5 })
    }

    private static func generation(
        _ yaml: String, folder: String, clock: ManualClock, tools: ChannelTools,
        channels: Locked<[String: ScriptedChannel]>?
    ) throws -> Generation {
        let (configuration, problems) = Configuration.load(
            text: yaml, file: "relay.yaml", folder: folder, environment: [:], readFile: { try? String(contentsOfFile: $0, encoding: .utf8) }
        )
        let read = try #require(configuration, "\(problems.map(\.description))")
        let list = ProblemList()
        var generation = try #require(Generation.make(read, tools: tools, keys: keys, problems: list), "\(list.errors.map(\.description))")
        guard let channels else { return generation }
        for index in generation.destinations.indices {
            let name = generation.destinations[index].name
            generation.destinations[index].channel = channels.withLock { channels in
                let channel = channels[name] ?? ScriptedChannel(clock: clock)
                channels[name] = channel
                return channel
            }
        }
        return generation
    }
}

/// What the program printed.
final class KeptLines: Sendable {
    private let kept = Locked<[String]>([])

    var lines: [String] { kept.withLock { $0 } }

    /// Keeps a line and says that it was written.
    func write(_ line: String) -> Bool {
        kept.withLock { $0.append(line) }
        return true
    }
}

/// A mail server that takes everything and keeps it.
final class KeptMail: MailTransport {
    private let kept = Locked<[MailRequest]>([])

    var mails: [MailRequest] { kept.withLock { $0 } }

    func send(_ mail: MailRequest) async throws(TransportError) -> MailResponse {
        kept.withLock { $0.append(mail) }
        return MailResponse(stage: .accepted, code: 250, text: "taken")
    }

    func ask(_ server: MailServer, from: String, to: String) async throws(TransportError) -> MailResponse {
        MailResponse(stage: .accepted, code: 250, text: "here")
    }
}
