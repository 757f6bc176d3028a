import Pages
import RelayCore
import RelaySupport

/// A strict stand-in for one service, behind `/hooks/<kind>/…`.
/// It refuses what the service documents as refused, with the service's own errors, and draws what it accepts roughly as the service's app
/// would.
protocol ServiceDouble: Sendable {
    /// The kind of message; its raw value is the first path segment after `/hooks`.
    static var kind: InboxMessage.Kind { get }
    /// The service's name on its cards.
    static var title: String { get }

    /// Judges a request as the service would.
    /// It has no side effects: the inbox carries out the verdict.
    static func judge(_ request: ServiceRequest) -> ServiceVerdict

    /// The service's own response for too many requests, with its own field and unit for the wait.
    static func tooMany(seconds: Double, now: Timestamp) -> WebResponse

    /// The message roughly as the service's app would show it.
    static func card(_ payload: JSONValue) -> Markup
}

/// A request to a double.
struct ServiceRequest: Sendable {
    var method: String
    /// The path's segments after `/hooks/<kind>`.
    var segments: [String]
    var query: [(name: String, value: String)]
    var headers: [(name: String, value: String)]
    var body: [UInt8]
    /// Whether the message with this number can still be edited.
    var exists: @Sendable (Int) -> Bool

    /// The body as JSON; nil if it is not a JSON object.
    var object: JSONValue? {
        guard let json = try? JSONValue(parsing: body), json.object != nil else { return nil }
        return json
    }

    func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
    func parameter(_ name: String) -> String? { query.first { $0.name == name }?.value }
}

enum ServiceVerdict: Sendable {
    /// The request is refused with this response.
    case refused(WebResponse)
    /// The request asks something without side effects, and gets this response.
    case answered(WebResponse)
    /// The request posts a new message.
    /// `answer` gets the message's number, from which the service makes its own id.
    ///
    /// - payload: what to draw instead of the body; nil means the body.
    /// - key: the service's idempotency key. A repeat gets the first response again and makes no message.
    case posted(payload: JSONValue? = nil, key: String? = nil, answer: @Sendable (Int) -> WebResponse)
    /// The request edits the message with this number.
    case edited(Int, payload: JSONValue? = nil, answer: WebResponse)
    /// The request asks for the button presses after a position.
    /// The response is made from the stored updates.
    case listened(after: Int64?, answer: @Sendable ([JSONValue]) -> WebResponse)
    /// The request sends a text to the person who pressed a button.
    case told(query: String, text: String, answer: WebResponse)
    /// The request posts a new message, or edits the one with the same key.
    case replaced(payload: JSONValue? = nil, key: String, answer: @Sendable (Int) -> WebResponse)
}

/// All doubles.
enum ServiceDoubles {
    static let all: [any ServiceDouble.Type] = [
        DiscordDouble.self, TelegramDouble.self, SlackBotDouble.self, PagerDutyDouble.self, PushoverDouble.self,
        MattermostDouble.self, TeamsDouble.self, GoogleChatDouble.self, RocketChatDouble.self,
        MatrixDouble.self, ZulipDouble.self, NtfyDouble.self, GotifyDouble.self,
    ]

    static func named(_ name: String) -> (any ServiceDouble.Type)? { all.first { $0.kind.rawValue == name } }

    static func of(_ kind: InboxMessage.Kind) -> (any ServiceDouble.Type)? { all.first { $0.kind == kind } }
}
