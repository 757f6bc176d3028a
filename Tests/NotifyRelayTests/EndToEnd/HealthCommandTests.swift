import Foundation
import Glibc
import RelayCore
import RelaySupport
import RelayTesting
import Sandbox
import Testing

@testable import NotifyRelay

/// `health`: over the socket beside the store, and over `server.listen`.
struct HealthCommandTests {
    private func starts(_ relay: RelayProcess) async -> Bool { await comesTrue { relay.errorText.contains("\"started\"") } }

    @Test func `it needs no port, no secret and no proxy`() async throws {
        let yaml: (SandboxAddresses) -> String = {
            Stage.standard($0).replacingOccurrences(of: "\"\(Stage.key)\"", with: "\"${RELAY_TEST_KEY}\"")
        }
        try await Stage.with(yaml: yaml) { stage in
            let before = try await stage.relay("health")
            #expect(before.status == 69 && before.err.contains("nobody answers at \(stage.store).sock"), "\(before.all)")
            let relay = try stage.start("run", environment: ["RELAY_TEST_KEY": Stage.key])
            #expect(await comesTrue { (try? await stage.relay("health"))?.status == 0 }, "\(relay.errorText)")
            let proxies = ["http_proxy": "http://127.0.0.1:1", "all_proxy": "http://127.0.0.1:1"]
            let health = try await stage.relay("health", environment: proxies)
            #expect(health.status == 0 && health.out == "alive\n", "\(health.all)")
            #expect(health.err.hasPrefix("warning: relay.yaml:2:16: the environment variable RELAY_TEST_KEY is not set"))
            #expect(await relay.stopped() == 0)
            #expect(!stage.place.has("notify-relay.db.sock"), "a clean stop removes it")
            #expect(try await stage.relay("health").status == 69)
        }
    }

    @Test func `only the owner may ask, and the socket of a relay that was killed is replaced`() async throws {
        try await Stage.with { stage in
            let killed = try stage.start("run")
            #expect(await comesTrue { (try? await stage.relay("health"))?.status == 0 }, "\(killed.errorText)")
            var status = stat()
            #expect(stat(stage.store + ".sock", &status) == 0 && status.st_mode & 0o777 == 0o600)
            killed.kill()
            #expect(stage.place.has("notify-relay.db.sock"))
            #expect(try await stage.relay("health").status == 69)
            let relay = try stage.start("run")
            #expect(await comesTrue { (try? await stage.relay("health"))?.status == 0 }, "\(relay.errorText)")
            #expect(await relay.stopped() == 0)
        }
    }

    @Test func `a path that is too long for a socket's address works too`() async throws {
        let folder = String(repeating: "long-", count: 20)
        try await Stage.with(yaml: { Stage.standard($0, more: "store: ./\(folder)/relay.db") }) { stage in
            try FileManager.default.createDirectory(atPath: stage.place.folder.path + "/" + folder, withIntermediateDirectories: true)
            let relay = try stage.start("run")
            #expect(await comesTrue { (try? await stage.relay("health"))?.status == 0 }, "\(relay.errorText)")
            #expect(stage.place.has(folder + "/relay.db.sock"))
            #expect(await relay.stopped() == 0)
            #expect(!stage.place.has(folder + "/relay.db.sock"))
        }
    }

    @Test func `a relay without room for its socket runs all the same, and says so`() async throws {
        try await Stage.with { stage in
            try stage.place.write("mine", to: "notify-relay.db.sock")
            let relay = try stage.start("run")
            await stage.notify()
            #expect(await stage.inbox.waitForCount(1))
            #expect(await relay.stopped() == 0)
            #expect(relay.errorText.contains("`health` cannot ask this relay"), "\(relay.errorText)")
            #expect(try stage.place.bytes(of: "notify-relay.db.sock") == Data("mine".utf8))
        }
    }

    @Test func `where nobody listens at the socket it asks the port, and --url asks where it says`() async throws {
        let port = try Web.freePort()
        try await Stage.with(yaml: { Stage.standard($0, more: "server: {listen: \"127.0.0.1:\(port)\"}") }) { stage in
            #expect(try await stage.relay("health").status == 69)
            let relay = try stage.start("run")
            #expect(await comesTrue { await Web.get("http://127.0.0.1:\(port)/healthz") != nil })
            #expect(await comesTrue { unlink(stage.store + ".sock") == 0 })
            let health = try await stage.relay("health")
            #expect(health.status == 0 && health.out == "alive\n", "\(health.all)")
            #expect(try await stage.relay("health", "--url", "http://127.0.0.1:\(port)/readyz").status == 0)
            #expect(try await stage.relay("health", "--url", "http://127.0.0.1:\(port)/nothing-here").status == 69)
            #expect(relay.terminate() == 0)
            #expect(try await stage.relay("health").status == 69)
        }
    }

    @Test func `a file that does not say its store or a port is 78`() async throws {
        try await Stage.with(yaml: { _ in "accounts: {\n" }) { stage in
            let health = try await stage.relay("health")
            #expect(health.status == 78 && health.err.hasPrefix("relay.yaml:2:1: not YAML"), "\(health.all)")
        }
    }
}
