import RelaySupport

#if DEBUG
    import Foundation
    import Glibc
    import RelayCore
#endif

/// Named places where a debug build can be made to die, so that tests can show each row of "What survives what" in docs/architecture.md. A
/// release build has none.
enum StopPoint: String {
    case looked, admitting, admitted, claimed, sending, answered, settled, deciding, decided

    /// Kills the process by SIGKILL if `NOTIFY_RELAY_STOP_AT` names this place. `name:3` kills it when the place is reached for the third
    /// time.
    static func pass(_ point: StopPoint) {
        #if DEBUG
            guard let wanted, wanted.point == point else { return }
            let passed = passes.withLock { count -> Int in
                count += 1
                return count
            }
            if passed >= wanted.count { kill(getpid(), SIGKILL) }
        #endif
    }

    #if DEBUG
        private static let passes = Locked(0)
        private static let wanted: (point: StopPoint, count: Int)? = {
            guard let text = ProcessInfo.processInfo.environment["NOTIFY_RELAY_STOP_AT"] else { return nil }
            let parts = text.split(separator: ":")
            guard let first = parts.first, let point = StopPoint(rawValue: String(first)) else { return nil }
            return (point, parts.count > 1 ? Int(parts[1]) ?? 1 : 1)
        }()
    #endif
}
