import Channels
import Dedup
import Policy
import RelayCore
import RelaySupport
import RevKeen
import Transport

/// The whole configuration file, read and checked.
struct Configuration: Sendable {
    struct Links: Sendable { var run, approval, automation: String? }

    /// How long payloads, attempts, and the audit of answers are kept after they are settled.
    struct Retention: Sendable {
        var payloads = Duration.seconds(90 * 86_400)
        var attempts = Duration.seconds(30 * 86_400)
        var audit = Duration.seconds(730 * 86_400)
    }

    struct Server: Sendable, Equatable {
        var listen: HostAndPort?
        var heartbeat: Heartbeat.Setting?
        /// The address of the public side: decision pages and the callbacks of chats. Nil means that there is no public side.
        var publicListen: HostAndPort?
        /// The public URL without a slash at its end; nil means that no links are made.
        var publicURL: String?
        /// The first key signs and all verify. If empty, a key is made in a file beside the store.
        var linkKeys: [Secret] = []
        var linkExpiry = Duration.seconds(7 * 86_400)
        /// The proxies whose word on who asks, and for which host, is believed.
        var trusted: [AddressBlock] = []
        /// The names that pages answer to, besides addresses, `localhost` and the machine's name.
        var hosts: [String] = []
        /// How people sign in on the public side; nil if they cannot.
        var signIn: SignInSettings?
    }

    var timeZone = TimeZoneName.utc
    var store: StoreAddress
    /// Where `store:` stands in the file; nil if it is not there.
    var storePlace: Place?
    /// The absolute path of the folder with the user's templates; nil means that only the built-in templates are used.
    var templates: String?
    var links = Links()
    var healthTo: [String] = []
    var retention = Retention()
    var redactor: Redactor
    var statusVocabulary = StatusVocabulary()
    var priorityWords: [String: Priority] = [:]
    var people: [Person] = []
    var accounts: [AccountSettings] = []
    var destinations: [DestinationSettings] = []
    var priorities: [PriorityRule] = []
    var expect: [ExpectationRule] = []
    /// Where `expect:` stands in the file; nil if it is not there.
    var expectPlace: Place?
    var digests: [DigestSettings] = []
    var routes: [Route] = []
    var server = Server()
}

struct HostAndPort: Sendable, Equatable {
    var host: String
    var port: Int

    /// Reads `127.0.0.1:8080`, `[::1]:8080`, or `:8080`, which means every address. Nil if the text is none of these.
    init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]), (0...65_535).contains(port)
        else { return nil }
        var host = String(text[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        guard !host.contains(where: \.isWhitespace) else { return nil }
        self.host = host.isEmpty ? "0.0.0.0" : host
        self.port = port
    }
}

/// A person and their names at each service. Nil means that the service does not know them.
struct Person: Sendable, Equatable {
    var name: String
    /// The person's user id at RevKeen.
    var revkeen: String?
    /// The mail address in lower case.
    var email: String?
    var slack: String?
    var telegram: String?
    var mattermost: String?
    var discord: String?
    /// May retry, drop, open, release, mute and send samples at the desk.
    var isOperator = false
}

struct AccountSettings: Sendable {
    struct Poll: Sendable {
        /// Nil means 3 s, or longer where that would take over a quarter of the budget.
        var approvals: Duration?
        var runs: ClosedRange<Duration> = .seconds(2) ... .seconds(300)
        var automations = Duration.seconds(300)
        var budget = RequestBudget.Setting.percent(50)
        var effort = LookQueue.Effort.normal

        /// The time between two looks at approvals.
        ///
        /// - Parameter budget: requests a minute; nil means no limit.
        func approvalsPace(budget: Double?) -> Duration {
            if let approvals { return approvals }
            guard let budget, budget > 0 else { return Self.defaultApprovals }
            return max(Self.defaultApprovals, .milliseconds(Int64(min(60_000 / (budget * Self.approvalsShare), 3_600_000).rounded(.up))))
        }

        private static let defaultApprovals = Duration.seconds(3)
        private static let approvalsShare = 0.25
    }

    var name: String
    var place: Place
    var key: Secret
    var baseURL: String?
    var caFile: String?
    var proxy: Secret?
    var firstLook = Duration.zero
    var catchUp = Duration.seconds(86_400)
    var was: String?
    var only = [Glob(pattern: "*")]
    var also: [String] = []
    var poll = Poll()
    /// All rules of the file. Some of them may name other accounts.
    var expect: [ExpectationRule] = []
}

struct DestinationSettings: Sendable {
    var name: String
    var place: Place
    var type: String
    var width = 1
    var pace: (burst: Int, every: Duration)?
    var giveUp = Duration.seconds(86_400)
    var fallback: String?
    var was: String?
    var timeZone: TimeZoneName?
    /// The hours in which the `working` clock of reminders runs; nil means that the destination has none.
    var working: WeeklyHours?
    var quiet: QuietHours?
    var ceiling: Ceiling?
    /// Nil if this version does not know the type.
    var plan: ChannelPlan?

    /// Nil if this version does not know the type.
    var abilities: Abilities? { plan?.abilities ?? Catalogue.type(named: type)?.abilities }
    /// A SHA-256 of the whole entry, secrets included. It is kept in memory only.
    var fingerprint: String
    /// A SHA-256 of the keys that say where messages go. Signed links and buttons name a hash of it.
    var room = ""
}
