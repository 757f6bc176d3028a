import Pages
import RelayCore
import RelaySupport

/// A double of a Teams workflow that posts cards: `POST /hooks/teams/…/invoke?api-version=1&sig=…`.
/// Sources: https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook,
/// https://adaptivecards.io/explorer/AdaptiveCard.html
enum TeamsDouble: ServiceDouble {
    static let kind = InboxMessage.Kind.teams
    static let title = "Teams"

    /// The maximum size of a body in bytes.
    /// The real service accepts more, responds 202, and then fails where only the workflow's owner can see it.
    private static let most = 28 << 10

    static func judge(_ request: ServiceRequest) -> ServiceVerdict {
        guard request.parameter("api-version") != nil else { return .refused(error(400, "MissingApiVersionParameter")) }
        guard request.parameter("sig") != nil else { return .refused(error(401, "DirectApiAuthorizationRequired")) }
        guard request.segments.last == "invoke" else { return .refused(error(404, "WorkflowNotFound")) }
        guard request.method == "POST" else { return .refused(error(405, "MethodNotAllowed")) }
        if request.body.count > most { return .refused(error(413, "RequestEntityTooLarge")) }
        let attachments = request.object?["attachments"]?.array ?? []
        let isGood = request.object?["type"]?.string == "message" && !attachments.isEmpty && attachments.allSatisfy(isCard)
        return isGood ? .posted { _ in WebResponse(202) } : .refused(error(400, "TriggerInputSchemaMismatch"))
    }

    private static func isCard(_ attachment: JSONValue) -> Bool {
        guard let card = attachment["content"], attachment["contentType"]?.string == "application/vnd.microsoft.card.adaptive",
            card["type"]?.string == "AdaptiveCard", ["1.0", "1.1", "1.2", "1.3", "1.4", "1.5"].contains(card["version"]?.string ?? "")
        else { return false }
        return (card["body"]?.array ?? []).allSatisfy(isElement) && (card["actions"]?.array ?? []).allSatisfy(isAction)
    }

    private static func isElement(_ element: JSONValue) -> Bool {
        switch element["type"]?.string {
        case "TextBlock": element["text"]?.string != nil && element["wrap"]?.bool == true
        case "RichTextBlock": (element["inlines"]?.array ?? []).contains { $0["text"]?.string != nil }
        case "FactSet": (element["facts"]?.array ?? []).allSatisfy { $0["title"]?.string != nil && $0["value"]?.string != nil }
        case "Container": (element["items"]?.array).map { !$0.isEmpty && $0.allSatisfy(isElement) } ?? false
        default: false
        }
    }

    /// Whether the action works here: the other actions would send data that nothing receives.
    private static func isAction(_ action: JSONValue) -> Bool {
        switch action["type"]?.string {
        case "Action.OpenUrl": action["url"]?.string.flatMap(safeLink) != nil
        case "Action.ShowCard", "Action.ToggleVisibility": true
        default: false
        }
    }

    private static func error(_ status: Int, _ code: String) -> WebResponse {
        .json(status, ["error": ["code": .string(code), "message": "It was not taken."]])
    }

    /// The wait is in `Retry-After`; Teams documents no field of its own.
    static func tooMany(seconds: Double, now: Timestamp) -> WebResponse {
        var answer = error(429, "WorkflowRequestsThrottled")
        answer.headers.append(("Retry-After", "\(max(1, Int(seconds.rounded(.up))))"))
        return answer
    }

    static func card(_ payload: JSONValue) -> Markup {
        Markup((payload["attachments"]?.array ?? []).compactMap { $0["content"] }.map(drawn))
    }

    private static func drawn(_ card: JSONValue) -> Markup {
        let elements = card["body"]?.array ?? []
        let style = elements.lazy.compactMap { $0["style"]?.string }.first
        let bar = ["good": "bar good", "attention": "bar danger", "warning": "bar warning"][style ?? ""] ?? "bar"
        let buttons = (card["actions"]?.array ?? []).map { ($0["title"], $0["url"]) }
        return "<div class=\"\(bar)\">\(elements.map(element))\(CardParts.links(buttons))</div>"
    }

    private static func element(_ element: JSONValue) -> Markup {
        switch element["type"]?.string {
        case "Container": Markup((element["items"]?.array ?? []).map(Self.element))
        case "RichTextBlock": "<p class=\"plain\">\((element["inlines"]?.array ?? []).map(run))</p>"
        case "TextBlock": CardParts.plain(element["text"]?.string ?? "")
        default: .nothing
        }
    }

    private static func run(_ run: JSONValue) -> Markup {
        let text = run["text"]?.string ?? ""
        return run["weight"]?.string == "Bolder" ? "<b>\(text)</b>" : Markup(text: text)
    }
}
