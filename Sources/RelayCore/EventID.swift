/// The ids of events. Each is written here and nowhere else, because an id is for ever.
package enum EventID {
    package static func notification(_ id: String, account: String) -> String { "\(account)/notification/\(id)" }

    /// `version` counts what was shown of it, from 1; a decision bears the version that closed it.
    package static func approval(_ id: String, version: Int, account: String) -> String {
        "\(approvalSubject(id, account: account))/v\(version)"
    }

    package static func approvalSubject(_ id: String, account: String) -> String { "\(account)/approval/\(id)" }

    /// `completed` is `Timestamp.description`, or the start of a hash where the time could not be read.
    package static func run(_ id: String, completed: String, account: String) -> String {
        "\(runSubject(id, account: account))/\(completed)"
    }

    package static func runSubject(_ id: String, account: String) -> String { "\(account)/run/\(id)" }

    package static func reminder(approval id: String, step: Int, account: String) -> String {
        "\(approvalSubject(id, account: account))/remind/\(step)"
    }

    package static func digest(_ name: String, closesAt: Timestamp) -> String { "digest/\(name)/\(closesAt)" }

    package static func bundle(_ why: String, destination: String, closesAt: Timestamp) -> String {
        "bundle/\(why)/\(destination)/\(closesAt)"
    }

    package static func relay(_ topic: String, about: String, beganAt: Timestamp, over: Bool = false) -> String {
        "relay/\(topic)/\(about)/\(beganAt)" + (over ? "/over" : "")
    }
}
