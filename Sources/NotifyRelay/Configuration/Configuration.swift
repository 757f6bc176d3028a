import Channels
import RelayCore
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
    var meaning = Words()
    var priorityWords: [String: Priority] = [:]
    var people: [Person] = []
    var accounts: [AccountSettings] = []
    var destinations: [DestinationSettings] = []
    var priorities: [PriorityRule] = []
    var routes: [Route] = []
    var server = Server()
    /// What the file asks for and this version cannot do: `check` accepts it, `run` refuses it.
    var notYet: [Problem] = []
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

struct Person: Sendable {
    var name: String
    /// RevKeen's user id.
    var revkeen: String?
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
    /// Nil for a type that only later versions can speak to.
    var blueprint: ChannelBlueprint?

    /// Nil of a type that is not known.
    var abilities: Abilities? { blueprint?.abilities ?? Catalogue.type(named: type)?.abilities }
    /// Of all that the entry says, secrets included; in memory only.
    var fingerprint: String
}

struct PriorityRule: Sendable {
    var when: Condition
    var priority: Priority
}

struct Route: Sendable {
    var name: String
    var when = Condition()
    var to: [String] = []
    var stop = false
    var atMostOnce = false
    var mention: String?
    /// Of the mention, for what is to be said of it.
    var mentionPlace: Place?
}
