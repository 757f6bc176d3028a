import RelayCore
import RelaySupport

/// What is wrong, by the words of `/readyz`: `store`, `lanes`, `approvals`.
struct Readiness: Sendable, Equatable {
    var wrong: [String: String] = [:]

    var isReady: Bool { wrong.isEmpty }

    /// One line a thing that is wrong, or `ready`.
    var text: String {
        isReady ? "ready\n" : wrong.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)\n" }.joined()
    }

    /// - Parameters:
    ///   - approvals: per account, how long ago the approvals were read well, and how often they are to be.
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
        // No good look for five times its pace, and for at least a minute (design §12).
        let stale = approvals.filter { $0.age > max($0.pace * 5, .seconds(60)) }
        if !stale.isEmpty {
            readiness.wrong["approvals"] = stale.map { "\($0.account) not read for \($0.age.spoken)" }.joined(separator: ", ")
        }
        return readiness
    }
}
