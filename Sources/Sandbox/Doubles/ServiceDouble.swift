import RelayCore

/// A strict stand-in for one service, behind `/hooks/<kind>/…`: what the service documents to refuse is refused, in its own words, and
/// what it takes is drawn roughly as its app would.
protocol ServiceDouble: Sendable {
    /// Its raw value is the first segment behind `/hooks`.
    static var kind: InboxMessage.Kind { get }
    /// The name on its cards.
    static var title: String { get }

    /// What the service answers. Without effect: the inbox carries out what the verdict says.
    static func judge(_ request: ServiceRequest) -> ServiceVerdict

    /// The service's own way to say that there were too many requests, with its own field and unit for the wait.
    static func tooMany(seconds: Double, now: Timestamp) -> WebResponse

    /// The message as its app would roughly show it.
    static func card(_ payload: JSONValue) -> Markup
}

/// What a double is asked.
struct ServiceRequest: Sendable {
    var method: String
    /// Of the path, behind `/hooks/<kind>`.
    var segments: [String]
    var query: [(name: String, value: String)]
    var headers: [(name: String, value: String)]
    var body: [UInt8]
    /// The numbers of the messages that can still be changed.
    var exists: @Sendable (Int) -> Bool

    /// Nil if the body is no JSON object.
    var object: JSONValue? {
        guard let json = try? JSONValue(parsing: body), json.object != nil else { return nil }
        return json
    }

    func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
    func parameter(_ name: String) -> String? { query.first { $0.name == name }?.value }
}

enum ServiceVerdict: Sendable {
    /// Nothing is taken.
    case refused(WebResponse)
    /// A harmless question was answered.
    case answered(WebResponse)
    /// A new message. `answer` is given its number, from which the service makes its own id.
    ///
    /// - payload: what is drawn, where it is not the body itself.
    /// - key: by which the service knows a repeat, which it answers as the first and takes for none.
    case posted(payload: JSONValue? = nil, key: String? = nil, answer: @Sendable (Int) -> WebResponse)
    /// A message of this number is changed.
    case edited(Int, payload: JSONValue? = nil, answer: WebResponse)
    /// What was pressed since a position is asked for: the answer is made of the updates that are kept.
    case listened(after: Int64?, answer: @Sendable ([JSONValue]) -> WebResponse)
    /// Whoever pressed is told something.
    case told(query: String, text: String, answer: WebResponse)
    /// A new message, or the change of the one that bore the same key.
    case replaced(payload: JSONValue? = nil, key: String, answer: @Sendable (Int) -> WebResponse)
}

/// Every double there is.
enum ServiceDoubles {
    static let all: [any ServiceDouble.Type] = [
        DiscordDouble.self, TelegramDouble.self, SlackBotDouble.self, PagerDutyDouble.self, PushoverDouble.self,
        MattermostDouble.self, TeamsDouble.self, GoogleChatDouble.self, RocketChatDouble.self,
        MatrixDouble.self, ZulipDouble.self, NtfyDouble.self, GotifyDouble.self,
    ]

    static func named(_ name: String) -> (any ServiceDouble.Type)? { all.first { $0.kind.rawValue == name } }

    static func of(_ kind: InboxMessage.Kind) -> (any ServiceDouble.Type)? { all.first { $0.kind == kind } }
}
