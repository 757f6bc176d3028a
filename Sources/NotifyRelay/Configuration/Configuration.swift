import Channels
import Dedup
import Policy
import RelayCore
import RelaySupport
import RevKeen

/// The whole configuration file, read and checked.
struct Configuration: Sendable {
    struct Links: Sendable { var run, approval, automation: String? }

    /// How long what is settled keeps its payload, its attempts, and the audit of answers.
    struct Retention: Sendable {
        var payloads = Duration.seconds(90 * 86_400)
        var attempts = Duration.seconds(30 * 86_400)
        var audit = Duration.seconds(730 * 86_400)
    }

    struct Server: Sendable {
        var listen: HostAndPort?
        var heartbeat: (url: Secret, every: Duration)?
        /// What people reach: pages to decide on, and the callbacks of chats.
        var publicListen: HostAndPort?
        /// Without a last slash; nil: no links are made.
        var publicURL: String?
        /// The first signs, all verify; empty: one is made beside the store.
        var linkKeys: [Secret] = []
        var linkExpiry = Duration.seconds(7 * 86_400)
    }

    var timeZone = TimeZoneName.utc
    /// Absolute.
    var store: String
    /// Absolute; nil without templates of one's own.
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
    var digests: [DigestSettings] = []
    var routes: [Route] = []
    var server = Server()
}

struct HostAndPort: Sendable, Equatable {
    var host: String
    var port: Int

    /// `127.0.0.1:8080`, `[::1]:8080` or `:8080`, which is every address.
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

/// Somebody, under one name wherever they write from. Nil: not known there.
struct Person: Sendable, Equatable {
    var name: String
    /// RevKeen's user id.
    var revkeen: String?
    /// In lower case.
    var email: String?
    var slack: String?
    var telegram: String?
    var mattermost: String?
    var discord: String?
}

struct AccountSettings: Sendable {
    struct Poll: Sendable {
        var approvals = Duration.seconds(10)
        var runs: ClosedRange<Duration> = .seconds(10) ... .seconds(300)
        var automations = Duration.seconds(300)
        var budget = RequestBudget.Setting.percent(50)
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
    /// The hours in which a working clock goes on; nil: it has none.
    var working: WeeklyHours?
    var quiet: QuietHours?
    var ceiling: Ceiling?
    /// Nil for a type that only later versions can speak to.
    var plan: ChannelPlan?

    /// Nil of a type that is not known.
    var abilities: Abilities? { plan?.abilities ?? Catalogue.type(named: type)?.abilities }
    /// Of all that the entry says, secrets included; in memory only.
    var fingerprint: String
}
