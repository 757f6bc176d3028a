import RelayCore
import RelaySupport

/// The problems of the relay, by their words: `store`, `lanes`, `approvals`.
///
/// A relay is *ready* while it can serve and keep what it is given. It is *well* if it also reads and delivers everything. A destination that
/// is closed must not take the pages to decide on out of service, so it is a matter of being well only.
struct Readiness: Sendable, Equatable {
    var wrong: [String: String] = [:]
    /// Another relay leads. This one serves pages and takes answers, and is ready to take over.
    var isStandby = false

    /// The words of what a relay needs to be ready.
    private static let needed: Set<String> = ["store"]

    var isReady: Bool { lines(of: Self.needed).isEmpty }
    var isWell: Bool { wrong.isEmpty }

    /// One line for each problem that makes it not ready, or `ready`, or `standby`.
    var readyText: String { isReady ? (isStandby ? "standby\n" : "ready\n") : lines(of: Self.needed) }

    /// One line for each problem, or `well`, or `standby`.
    var wellText: String { isWell ? (isStandby ? "standby\n" : "well\n") : lines(of: Set(wrong.keys)) }

    private func lines(of words: Set<String>) -> String {
        wrong.filter { words.contains($0.key) }.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)\n" }.joined()
    }

    /// A relay that stands by neither reads nor sends, so only the store matters.
    static func standby(storeFault: String?) -> Readiness {
        var readiness = Readiness(isStandby: true)
        readiness.wrong["store"] = storeFault
        return readiness
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
