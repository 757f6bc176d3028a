import Dedup
import Foundation
import Policy
import RelayCore
import RelaySupport
import RelayTesting
import Testing

@testable import NotifyRelay

/// The files of a configuration are watched, and a change of them causes a reload (design §15).
struct ConfigurationReloadTests {
    private final class Place: Sendable {
        let folder: String

        init() throws {
            folder = NSTemporaryDirectory() + "notify-relay-files-\(UUID().uuidString)"
            try FileManager.default.createDirectory(atPath: folder + "/words", withIntermediateDirectories: true)
        }

        deinit { try? FileManager.default.removeItem(atPath: folder) }

        var file: String { folder + "/relay.yaml" }

        func write(_ text: String, to name: String = "relay.yaml") throws {
            try text.write(toFile: "\(folder)/\(name)", atomically: false, encoding: .utf8)
        }
    }

    private static func yaml(route: String = "before", rest: String = "") -> String {
        House.file(routes: "{name: \(route), to: [ops]}", rest: rest)
    }

    /// A relay of a file, with the part that reloads it. Its pollers do not run until `house.running`.
    private func scene(_ place: Place, _ yaml: String = yaml()) async throws -> (House, ConfigurationReload) {
        try place.write(yaml)
        let house = try await House(Self.yaml())
        let relay = house.relay
        let reload = ConfigurationReload(
            path: place.file, server: Configuration.Server(), tools: house.tools, keys: House.keys, relay: relay, metrics: relay.metrics,
            clock: house.clock, logger: house.book.logger)
        return (house, reload)
    }

    private func route(_ house: House) async -> String { await house.relay.generation.configuration.routes[0].name }

    @Test func `a change that is the same one second later is adopted`() async throws {
        let place = try Place()
        let (house, reload) = try await scene(place)
        try await house.running {
            #expect(await reload.watchOnce() == ConfigurationReload.watchEvery)
            try place.write(Self.yaml(route: "after"))
            #expect(await reload.watchOnce() == ConfigurationReload.settleTime)
            #expect(await route(house) == "before")
            #expect(await reload.watchOnce() == ConfigurationReload.watchEvery)
            #expect(await route(house) == "after")
        }
    }

    @Test func `a change of the server is said to wait for the next start`() async throws {
        let place = try Place()
        let (house, reload) = try await scene(place)
        try await house.running {
            try place.write(Self.yaml(rest: "server: {listen: \"127.0.0.1:9\"}"))
            await reload.reload(because: "SIGHUP")
            try place.write(Self.yaml())
            await reload.reload(because: "SIGHUP")
            #expect(
                house.book.lines.filter { $0.contains("was read again") } == [
                    "notice: the configuration was read again: SIGHUP; `server` takes effect at the next start",
                    "notice: the configuration was read again: SIGHUP",
                ])
        }
    }

    @Test func `a file that is still being written is not adopted`() async throws {
        let place = try Place()
        let (house, reload) = try await scene(place)
        try await house.running {
            for length in [10, 60, 100] {
                try place.write(String(Self.yaml(route: "after").prefix(length)))
                #expect(await reload.watchOnce() == ConfigurationReload.settleTime)
            }
            #expect(await route(house) == "before")
            #expect(house.book.lines.allSatisfy { !$0.hasPrefix("error") })
        }
    }

    @Test func `a wrong file is named once, the old one runs on, and metrics say so until it is right again`() async throws {
        let place = try Place()
        let (house, reload) = try await scene(place)
        try await house.running {
            try place.write(Self.yaml(rest: "nonsense: true"))
            for _ in 0..<5 { _ = await reload.watchOnce() }
            #expect(house.book.lines.count { $0.contains("the old one stays") } == 1)
            #expect(await house.relay.status.metricsText().contains("notify_relay_config_reload_success 0\n"))
            house.clock.advance(by: .minutes(1))
            try place.write(Self.yaml(route: "after"))
            for _ in 0..<2 { _ = await reload.watchOnce() }
            #expect(await route(house) == "after")
            let metrics = await house.relay.status.metricsText()
            #expect(metrics.contains("notify_relay_config_reload_success 1\n"))
            #expect(metrics.contains("notify_relay_config_reload_timestamp_seconds \(house.clock.now.milliseconds / 1_000)"))
        }
    }

    @Test func `what the store refuses leaves the old one whole, and the next reload is taken over`() async throws {
        let place = try Place()
        let (house, reload) = try await scene(place)
        let digest = "digests: {nightly: {every: 1d, to: [ops]}}"
        try await house.running {
            let lane = try await house.lane(), poller = await house.relay.pollers[0]
            try await house.refuseWindows(true)
            try place.write(
                House.file(
                    destinations: "ops: {type: console}, new: {type: console}",
                    routes: "{name: after, to: [ops, new], digest: [nightly]}", rest: digest))
            await reload.reload(because: "SIGHUP")
            #expect(await route(house) == "before")
            #expect(await house.relay.laneRegistry.lane("new") == nil)
            #expect(await house.relay.pollers[0] === poller)
            #expect(house.book.lines.contains { $0.contains("was not taken over, the old one stays") })
            try await house.refuseWindows(false)
            // A mounted file changes without a signal, so the watch must try again by itself.
            for _ in 0..<2 { _ = await reload.watchOnce() }
            #expect(await route(house) == "after")
            #expect(try await house.lane() === lane)
            try await house.owe("a", to: "new")
            await house.relay.laneRegistry.wakeAll()
            let arrives = try await eventually { try await house.delivery("a").state == .delivered }
            #expect(arrives)
        }
    }

    @Test(arguments: ["relay.yaml", "secret", "words/high.mustache"])
    func `the file, a secret that it names and its templates change the digest`(name: String) throws {
        let place = try Place()
        try place.write("one", to: "secret")
        try place.write("{{message}}", to: "words/high.mustache")
        try place.write("templates: words\naccounts: {live: {api_key: \"${file:secret}\"}}")
        let files = ConfigurationFiles.used(by: place.file)
        let before = files.digest
        #expect(files.digest == before)
        try place.write("{{title}}", to: name)
        #expect(files.digest != before)
    }

    @Test func `a mounted secret changes by a swapped link`() throws {
        let place = try Place()
        for version in ["1", "2"] { try place.write("secret \(version)", to: version) }
        try FileManager.default.createSymbolicLink(atPath: place.folder + "/secret", withDestinationPath: "1")
        try place.write("accounts: {live: {api_key: \"${file:secret}\"}}")
        let files = ConfigurationFiles.used(by: place.file)
        let before = files.digest
        try FileManager.default.removeItem(atPath: place.folder + "/secret")
        #expect(files.digest != before)
        try FileManager.default.createSymbolicLink(atPath: place.folder + "/secret", withDestinationPath: "2")
        #expect(files.digest != before)
    }
}
