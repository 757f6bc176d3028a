/// Builds the ids of events.
/// No other code builds them, because stored ids must never change.
package enum EventID {
    package static func notification(_ id: String, account: String) -> String { "\(account)/notification/\(id)" }

    /// The id of one version of an approval.
    ///
    /// - Parameter version: counts from 1 the versions that were shown. A decision has the version that closed the approval.
    package static func approval(_ id: String, version: Int, account: String) -> String {
        "\(approvalSubject(id, account: account))/v\(version)"
    }

    package static func approvalSubject(_ id: String, account: String) -> String { "\(account)/approval/\(id)" }

    /// The id of a finished run.
    ///
    /// - Parameter completed: `Timestamp.description`, or the start of a hash if the time could not be read.
    package static func run(_ id: String, completed: String, account: String) -> String {
        "\(runSubject(id, account: account))/\(completed)"
    }

    package static func runSubject(_ id: String, account: String) -> String { "\(account)/run/\(id)" }

    /// The id of one reminder.
    ///
    /// - Parameter subject: what all events about the approval or the absence share.
    package static func reminder(of subject: String, step: Int) -> String { "\(subject)/remind/\(step)" }

    /// The id of something that did not happen in time.
    ///
    /// - Parameter automation: the id of the automation.
    package static func absence(
        of expected: AbsenceDetail.Expected, automation: String, due: Timestamp, account: String, isClosed: Bool = false
    ) -> String {
        "\(account)/absence/\(automation)/\(expected.rawValue)/\(due)" + (isClosed ? absenceEnd : "")
    }

    /// What the id of an absence's end has after that of its beginning, which is also the subject of both.
    package static let absenceEnd = "/closed"

    package static func digest(_ name: String, closesAt: Timestamp) -> String { "digest/\(name)/\(closesAt)" }

    package static func bundle(_ why: String, destination: String, closesAt: Timestamp) -> String {
        "bundle/\(why)/\(destination)/\(closesAt)"
    }

    package static func relay(_ topic: String, about: String, beganAt: Timestamp, over: Bool = false) -> String {
        "relay/\(topic)/\(about)/\(beganAt)" + (over ? "/over" : "")
    }
}
