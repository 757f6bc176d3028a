import Foundation
import RelayCore
import RelaySupport
import Sandbox
import Testing

/// A stand-in RevKeen, an inbox and a folder with a configuration, for the real binary.
///
/// The API key and the addresses of the hooks are secrets, so no output of a command may contain them.
final class Stage: Sendable {
    let place: Workplace
    let world: StandInRevKeen
    let inbox: Inbox
    let addresses: SandboxAddresses
    let automation: String
    private let server: SandboxServer

    static let key = "rk_sandbox_nobody-may-read-this"
    /// The settings of an account whose feeds are read about once a second, and whose events are never too old.
    static let account = "first_look: 1h, poll: {approvals: 1s, runs: 1s..2s, automations: 1s, budget: none}"

    private init(inboxClock: any WallClock) async throws {
        place = try Workplace()
        world = StandInRevKeen(clock: SystemClock(), seed: 3)
        inbox = Inbox(clock: inboxClock)
        server = SandboxServer(world: world, inbox: inbox)
        addresses = try await server.start()
        automation = await world.addAutomation(name: "Nightly invoices")
    }

    /// - Parameter yaml: the configuration; nil means `standard`.
    static func with<Result>(
        inboxClock: any WallClock = SystemClock(), yaml: ((SandboxAddresses) -> String)? = nil, _ body: (Stage) async throws -> Result
    ) async throws -> Result {
        _ = SlowScenes.begunInWholeRun
        let stage = try await Stage(inboxClock: inboxClock)
        do {
            try stage.configure((yaml ?? { standard($0) })(stage.addresses))
            let result = try await body(stage)
            await stage.server.stop()
            return result
        } catch {
            await stage.server.stop()
            throw error
        }
    }

    /// One account, and a generic webhook called `hook` on line 4, which gets everything except runs.
    static func standard(
        _ addresses: SandboxAddresses, destinations: [String] = [], routes: [String]? = nil, more: String = ""
    ) -> String {
        let destinations = ["hook: {type: webhook, url: \"\(addresses.webhook)\"}"] + destinations
        let routes = routes ?? ["{name: all, when: {kind: [notification, approval, decision]}, to: [hook]}"]
        return """
            accounts:
              a: {api_key: "\(key)", base_url: "\(addresses.api)", \(account)}
            destinations:
            \(destinations.map { "  \($0)" }.joined(separator: "\n"))
            routes:
            \(routes.map { "  - \($0)" }.joined(separator: "\n"))
            \(more)
            """
    }

    func configure(_ yaml: String) throws { try place.write(yaml, to: "relay.yaml") }

    var store: String { place.folder.appendingPathComponent("notify-relay.db").path }

    /// Starts a run with one notification. The run stays under way.
    ///
    /// - Returns: the id of the notification's event.
    @discardableResult
    func notify(_ message: String = "212 invoices sent", priority: String = "normal") async -> String {
        "a/notification/\(await world.notify(run: await run(), priority: priority, type: "report", message: message))"
    }

    /// - Returns: the id of the approval itself, not of its event.
    @discardableResult
    func ask(_ action: String = "Refund batch 17") async -> String {
        await world.requestApproval(run: await run(), action: action, actions: [["tool": "refund", "amount": "1240.00"]])
    }

    func run() async -> String { await world.startRun(of: automation) }

    /// Starts the binary and leaves it running.
    func start(_ arguments: String..., environment: [String: String] = [:]) throws -> RelayProcess {
        try RelayProcess(arguments, in: place.folder, environment: environment)
    }

    /// Runs the binary to its end.
    func relay(
        _ arguments: String..., environment: [String: String] = [:], input: FileHandle? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Finished {
        try await relay(arguments, environment: environment, input: input, sourceLocation: sourceLocation)
    }

    func relay(
        _ arguments: [String], environment: [String: String] = [:], input: FileHandle? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Finished {
        let process = try RelayProcess(arguments, in: place.folder, environment: environment, input: input)
        let status = await process.ended()
        let finished = Finished(status: status, out: process.outputText, err: process.errorText)
        #expect(status != nil, "\(arguments) did not end: \(finished.all)", sourceLocation: sourceLocation)
        #expect(!finished.all.contains(Self.key), "\(arguments) says the API key", sourceLocation: sourceLocation)
        #expect(!finished.all.contains("/hooks/"), "\(arguments) says a webhook's address", sourceLocation: sourceLocation)
        return finished
    }

    /// Runs `run --once`, which must end with `status`.
    @discardableResult
    func once(_ status: Int32 = 0, sourceLocation: SourceLocation = #_sourceLocation) async throws -> Finished {
        let finished = try await relay("run", "--once", sourceLocation: sourceLocation)
        #expect(finished.status == status, "\(finished.all)", sourceLocation: sourceLocation)
        return finished
    }

    /// The ids of the events that the webhook called `hook` got, oldest first.
    var told: [String] {
        get async { await inbox.messages(kind: .webhook).compactMap { $0.json?["data"]?["id"]?.string } }
    }
}

/// A command that has ended.
struct Finished: Sendable {
    /// The exit status; nil if the command had to be killed.
    var status: Int32?
    var out: String
    var err: String

    var all: String { out + err }
    var lines: [String] { out.split(whereSeparator: \.isNewline).map(String.init) }

    /// The output, which must be one JSON document.
    var json: JSONValue {
        get throws { try JSONValue(parsing: Array(out.utf8)) }
    }
}

extension JSONValue {
    /// The names of an object's members.
    var keys: Set<String> { Set((object ?? [:]).keys) }
}

extension Stage {
    /// The state of a lane in `status`; nil while there is no store.
    func lane(_ name: String) async -> String? {
        await statusOf(name)?["lane"]?.string
    }

    /// The entry of a destination in `status --json`.
    func statusOf(_ name: String) async -> JSONValue? {
        guard let status = try? await relay("status", "--json"), let json = try? status.json else { return nil }
        return json["destinations"]?.array?.first { $0["name"]?.string == name }
    }
}
