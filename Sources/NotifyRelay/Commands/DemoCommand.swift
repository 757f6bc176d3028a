import ArgumentParser
import Dedup
import Foundation
import Glibc
import Logging
import NIOCore
import RelayCore
import Sandbox

struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo", abstract: "The whole relay against a built-in sandbox: no key, no network.",
        discussion: "The first address it prints is the inbox page. Ctrl-C ends it.")

    @Option(help: "The port of the inbox page; 0 takes any (default: 8025, or any if that is taken).") var port: Int?
    @Option(help: "trace, debug, info, notice, warning, error, critical.") var logLevel = "warning"

    func validate() throws {
        guard (0...65_535).contains(port ?? 0) else { throw ValidationError("--port is a number from 0 to 65535") }
        guard Logger.Level(rawValue: logLevel) != nil else { throw ValidationError("--log-level is one of the levels named in --help") }
    }

    func run() async throws {
        let logger = Log.start(level: Logger.Level(rawValue: logLevel) ?? .warning)
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("notify-relay-demo-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let clock = SystemClock()
        let world = StandInRevKeen(clock: clock, seed: 7)
        let (server, addresses) = try await start(world, clock)
        let file = folder.appendingPathComponent("relay.yaml")
        let own = try Self.freePort(), pages = try Self.freePort()
        try Data(Self.yaml(addresses, pages: pages, own: own).utf8).write(to: file)
        let configuration = try ConfigurationOption(path: file.path).load()
        Terminal.say("The inbox: \(addresses.inbox)")
        Terminal.say("The desk: http://127.0.0.1:\(pages)/, where you are signed in as Ann")
        Terminal.say("The same to look at only, and metrics: http://127.0.0.1:\(own)/ and /metrics")
        Terminal.say("Watch it fill in a browser, and decide what asks for approval by its link. Ctrl-C ends the demo.")
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await Story().play(in: world, clock: clock) }
            group.addTask { try await Engine(path: file.path, grace: .seconds(2), logger: logger).run(configuration) }
            try await group.next()
            group.cancelAll()
        }
        await server.stop()
        Terminal.say("\nThe demo is over.")
    }

    private func start(_ world: StandInRevKeen, _ clock: SystemClock) async throws -> (SandboxServer, SandboxAddresses) {
        var last: (any Error)?
        for port in port.map({ [$0] }) ?? [8025, 0] {
            var options = SandboxServer.Options()
            options.httpPort = port
            let server = SandboxServer(world: world, inbox: Inbox(clock: clock), options: options)
            do {
                return (server, try await server.start())
            } catch {
                last = error
            }
        }
        throw ListenError(key: "--port", address: "127.0.0.1:\(port ?? 0)", why: last.map(Self.words) ?? "no reason given")
    }

    private static func words(_ error: any Error) -> String {
        guard let error = error as? IOError else { return "\(error)" }
        return String(cString: strerror(error.errnoCode)).lowercased()
    }

    /// Finds a port that was free a moment ago. The decision pages need their address before their server starts.
    private static func freePort() throws -> UInt16 {
        let file = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(file) }
        var address = sockaddr_in(), length = socklen_t(MemoryLayout<sockaddr_in>.size)
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.bind(file, $0, length) == 0 && getsockname(file, $0, &length) == 0
            }
        }
        guard isBound else { throw ListenError(key: "demo", address: "127.0.0.1:0", why: String(cString: strerror(errno))) }
        return UInt16(bigEndian: address.sin_port)
    }

    /// - Parameters:
    ///   - pages: the port of the decision pages.
    ///   - own: the port of the relay's own page.
    static func yaml(_ addresses: SandboxAddresses, pages: UInt16, own: UInt16) -> String {
        """
        accounts:
          demo: {api_key: "rk_sandbox_demo", base_url: "\(addresses.api)", first_look: 1h, poll: {approvals: 1s, runs: 1s..5s, automations: 2s, budget: none}}
        destinations:
          ops:    {type: slack, url: "\(addresses.slackHook)", pace: {burst: 20, every: 1s}}
          hook:   {type: webhook, url: "\(addresses.webhook)", secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}
          room:   {type: discord, url: "\(addresses.service(.discord))/1/demo", pace: {burst: 20, every: 1s}}
          phone:  {type: telegram, token: "1:demo", chat: "7", api_url: "\(addresses.service(.telegram))", pace: {burst: 20, every: 1s}}
          oncall: {type: email, server: "\(addresses.smtp)", from: "RevKeen relay <relay@example.com>", to: [ops@example.com]}
        routes:
          - {name: approvals, when: {kind: [approval, decision]}, to: [ops, room, phone, oncall], remind: [25s]}
          - {name: notifications, when: {kind: notification}, to: [ops, oncall]}
          - {name: failures, when: {kind: run, outcome: failed}, to: [ops, room, oncall], digest: [recap], recovered: tell}
          - {name: late, when: {kind: absence}, to: [ops, room, oncall]}
          - {name: everything, to: [hook]}
        expect:
          - {automation: "Ledger backup", start_within: 15s, finish_within: 15s}
        digests:
          recap: {every: 1m, to: [oncall, ops], waiting: true}
        people:
          ann: {revkeen: "\(Story.decider)", telegram: "7", email: ann@example.com, operator: true}
        server: {listen: "127.0.0.1:\(own)", public_listen: "127.0.0.1:\(pages)", public_url: "http://127.0.0.1:\(pages)", sign_in: {oidc: {issuer: "\(addresses.issuer)", client_id: demo}}}
        """
    }
}
