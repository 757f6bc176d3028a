import Foundation
import RelayCore
import RelaySupport

/// Tells a service manager how the daemon is, by datagrams to `$NOTIFY_SOCKET` (systemd's `Type=notify`). Without that variable it does
/// nothing.
/// Source: sd_notify(3), sd_watchdog_enabled(3).
struct ServiceManager: Sendable {
    enum State: Sendable, Equatable {
        /// The daemon serves and looks. It also ends a reload.
        case ready(status: String)
        case reloading
        case stopping
        case alive
    }

    /// A path, or a name in the abstract namespace after `@`; nil if nobody wants to know.
    private let name: String?
    /// How often to say `alive`: half of the time after which the manager ends a daemon that is silent. Nil if it does not watch.
    let aliveEvery: Duration?
    private let monotonic: @Sendable () -> Duration
    /// All copies share it.
    private let isStopping = Locked(false)

    init(environment: [String: String], process: Int32 = getpid(), monotonic: @escaping @Sendable () -> Duration = Self.monotonicNow) {
        name = environment["NOTIFY_SOCKET"].flatMap { $0.hasPrefix("/") || $0.hasPrefix("@") ? $0 : nil }
        let isMeant = environment["WATCHDOG_PID"].map { Int32($0) == process } ?? true
        let limit = environment["WATCHDOG_USEC"].flatMap { Int64($0) }
        aliveEvery = isMeant && name != nil ? limit.flatMap { $0 > 0 ? .microseconds($0 / 2) : nil } : nil
        self.monotonic = monotonic
    }

    /// Sends a state. A manager that does not take it changes nothing for the daemon.
    func say(_ state: State) {
        guard let name else { return }
        if state == .stopping { isStopping.withLock { $0 = true } }
        // What was under way when the end began may still report. A manager must not take the daemon for ready again.
        if state != .stopping, state != .alive, isStopping.withLock({ $0 }) { return }
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        guard let (made, length) = Self.address(name) else { return }
        var address = made
        let text = text(state)
        _ = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                sendto(descriptor, text, text.utf8.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT), address, length)
            }
        }
    }

    /// Says `alive` until the task is cancelled.
    func sayAlive(_ clock: any WallClock) async {
        while let aliveEvery, !Task.isCancelled {
            say(.alive)
            try? await clock.sleep(for: aliveEvery)
        }
    }

    private func text(_ state: State) -> String {
        switch state {
        case .ready(let status): "READY=1\nSTATUS=\(status.oneLine(most: 200))"
        // The manager compares this time with its own, so that it knows which reload is over.
        case .reloading: "RELOADING=1\nMONOTONIC_USEC=\(Int64(monotonic().inSeconds * 1_000_000))"
        case .stopping: "STOPPING=1"
        case .alive: "WATCHDOG=1"
        }
    }

    /// Nil if the name does not fit an address.
    private static func address(_ socket: String) -> (sockaddr_un, socklen_t)? {
        var address = sockaddr_un(), bytes = Array(socket.utf8)
        if bytes.first == UInt8(ascii: "@") { bytes[0] = 0 }
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return nil }
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        // An abstract name ends where the length says, and a zero byte after it would be a part of it.
        return (address, socklen_t(MemoryLayout<sockaddr_un>.offset(of: \.sun_path)! + bytes.count))
    }

    static let monotonicNow: @Sendable () -> Duration = { .seconds(ProcessInfo.processInfo.systemUptime) }
}
