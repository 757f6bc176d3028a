import RelayCore

/// The four things that are looked at in an account.
enum Feed: String, Sendable, CaseIterable {
    case approvals, automations, runs, details

    /// The kinds of events whose delay says how soon a feed sees.
    static let kinds: [Feed: [Event.Kind]] = [.approvals: [.approval, .decision], .runs: [.run], .details: [.notification]]
}

/// How a request of a feed ended.
enum RequestResult: String, Sendable, CaseIterable { case changed, unchanged, refused, failed }
