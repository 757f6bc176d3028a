import RelayCore
import RelaySupport

/// The problems of the relay, by the words of `/readyz`: `store`, `lanes`, `approvals`.
struct Readiness: Sendable, Equatable {
    var wrong: [String: String] = [:]

    var isReady: Bool { wrong.isEmpty }

    /// One line for each problem, or `ready`.
    var text: String {
        isReady ? "ready\n" : wrong.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)\n" }.joined()
    }

    /// - Parameters:
    ///   - storeFault: why the store cannot be written; nil if it can.
    ///   - approvals: for each account, the time since the approvals were last read without an error, and the pace at which they are read.
    static func judge(
        storeFault: String?, lanes: [(name: String, isOpen: Bool, reason: String?)],
        approvals: [(account: String, age: Duration, pace: Duration)]
    ) -> Readiness {
        var readiness = Readiness()
        readiness.wrong["store"] = storeFault
        let shut = lanes.filter { !$0.isOpen }
        if !shut.isEmpty {
            readiness.wrong["lanes"] = shut.map { "\($0.name) (\($0.reason ?? "not open"))" }.joined(separator: ", ")
        }
        // Stale means: no good look for five times the pace, and for at least a minute.
        let stale = approvals.filter { $0.age > max($0.pace * 5, .seconds(60)) }
        if !stale.isEmpty {
            readiness.wrong["approvals"] = stale.map { "\($0.account) not read for \($0.age.spoken)" }.joined(separator: ", ")
        }
        return readiness
    }
}
