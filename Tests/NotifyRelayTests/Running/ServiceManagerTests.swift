import Foundation
import RelayCore
import RelaySupport
import RelayTesting
import Sandbox
import Testing

@testable import NotifyRelay

/// What a service manager is told, through real sockets.
struct ServiceManagerTests {
    @Test(arguments: [true, false]) func `each state is one datagram, at a path and at an abstract name`(isAbstract: Bool) throws {
        let manager = try Manager(isAbstract: isAbstract)
        let told = ServiceManager(environment: ["NOTIFY_SOCKET": manager.name], monotonic: { .seconds(2) })
        for state: ServiceManager.State in [.ready(status: "1 account"), .reloading, .alive, .stopping] { told.say(state) }
        #expect(manager.received() == ["READY=1\nSTATUS=1 account", "RELOADING=1\nMONOTONIC_USEC=2000000", "WATCHDOG=1", "STOPPING=1"])
    }

    @Test func `a status is one line, so that nothing in it is taken for an assignment`() throws {
        let manager = try Manager(isAbstract: false)
        ServiceManager(environment: ["NOTIFY_SOCKET": manager.name]).say(.ready(status: "a\nSTOPPING=1"))
        #expect(manager.received().map { $0.split(separator: "\n").count } == [2])
    }

    @Test(arguments: [
        [:], ["NOTIFY_SOCKET": ""], ["NOTIFY_SOCKET": "relative"], ["NOTIFY_SOCKET": "/nowhere/\(String(repeating: "x", count: 200))"],
    ])
    func `without somebody to tell, nothing happens`(environment: [String: String]) {
        ServiceManager(environment: environment).say(.ready(status: "well"))
    }

    @Test func `it says that it lives at half of the time that is given, if it is meant`() {
        func every(_ more: [String: String]) -> Duration? {
            ServiceManager(environment: ["NOTIFY_SOCKET": "/run/x"].merging(more) { $1 }, process: 7).aliveEvery
        }
        #expect(every([:]) == nil)
        #expect(every(["WATCHDOG_USEC": "30000000"]) == .seconds(15))
        #expect(every(["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "7"]) == .seconds(15))
        #expect(every(["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "8"]) == nil)
        #expect(every(["WATCHDOG_USEC": "0"]) == nil)
        #expect(ServiceManager(environment: ["WATCHDOG_USEC": "30000000"]).aliveEvery == nil)
    }

    @Test func `what was under way when the end began says nothing more`() throws {
        let manager = try Manager(isAbstract: false), told = ServiceManager(environment: ["NOTIFY_SOCKET": manager.name])
        for state: ServiceManager.State in [.stopping, .ready(status: "late"), .reloading, .alive] { told.say(state) }
        #expect(manager.received() == ["STOPPING=1", "WATCHDOG=1"])
    }

    @Test func `the daemon says when it is ready, alive, reloads and stops`() async throws {
        let manager = try Manager(isAbstract: false), port = try Web.freePort()
        let yaml: (SandboxAddresses) -> String = { Stage.standard($0, more: "server: {listen: \"127.0.0.1:\(port)\"}") }
        try await Stage.with(yaml: yaml) { stage in
            let relay = try stage.start("run", environment: ["NOTIFY_SOCKET": manager.name, "WATCHDOG_USEC": "200000"])
            #expect(await comesTrue { manager.received().contains("READY=1\nSTATUS=1 account to 1 destination") }, "\(relay.errorText)")
            #expect(await Web.get("http://127.0.0.1:\(port)/healthz")?.status == 200)
            #expect(await comesTrue { manager.received().count { $0 == "WATCHDOG=1" } >= 3 })
            relay.send(SIGHUP)
            #expect(await comesTrue { manager.received().last { !$0.hasPrefix("WATCHDOG") }?.contains("as it is written") == true })
            #expect(manager.received().contains { $0.hasPrefix("RELOADING=1\nMONOTONIC_USEC=") })
            #expect(await relay.stopped() == 0)
            #expect(manager.received().last == "STOPPING=1" || manager.received().suffix(2).contains("STOPPING=1"))
        }
    }
}

/// Stands in for a service manager: a socket that collects datagrams.
private final class Manager: Sendable {
    let name: String
    private let descriptor: Int32
    private let all = Locked<[String]>([])

    init(isAbstract: Bool) throws {
        let word = "notify-relay-\(UUID().uuidString.prefix(8))"
        name = isAbstract ? "@\(word)" : NSTemporaryDirectory() + word
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var bytes = Array(name.utf8)
        if isAbstract { bytes[0] = 0 }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let length = socklen_t(2 + bytes.count)
        let isBound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) == 0 }
        }
        try #require(isBound)
    }

    deinit {
        close(descriptor)
        unlink(name)
    }

    /// Everything that was received so far.
    func received() -> [String] {
        all.withLock { all in
            var buffer = [UInt8](repeating: 0, count: 4_096)
            while case let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT)), count >= 0 {
                all.append(String(decoding: buffer.prefix(count), as: UTF8.self))
            }
            return all
        }
    }
}
