import Pages
import RelayCore
import RelaySupport

/// A double of a Matrix homeserver: `PUT /hooks/matrix/_matrix/client/v3/rooms/<room>/send/m.room.message/<transaction>`.
/// Sources: https://spec.matrix.org/v1.15/client-server-api/, and Synapse where the specification says nothing.
enum MatrixDouble: ServiceDouble {
    static let kind = InboxMessage.Kind.matrix
    static let title = "Matrix"

    static func judge(_ request: ServiceRequest) -> ServiceVerdict {
        guard request.segments.starts(with: ["_matrix", "client", "v3"]) else { return .refused(unrecognized) }
        guard let login = request.header("authorization"), login.hasPrefix("Bearer "), login.count > 7 else {
            return .refused(error(401, "M_MISSING_TOKEN", "Missing access token"))
        }
        let path = request.segments.dropFirst(3)
        if request.method == "GET", path.elementsEqual(["account", "whoami"]) {
            return .answered(.json(200, ["user_id": "@relay:matrix.example", "device_id": "RELAY"]))
        }
        guard request.method == "PUT", path.count == 5, path.first == "rooms", path.dropFirst(2).starts(with: ["send", "m.room.message"])
        else { return .refused(unrecognized) }
        guard path[4].hasPrefix("!") else { return .refused(error(400, "M_INVALID_PARAM", "\(path[4]) was not legal room ID string")) }
        guard let content = request.object else { return .refused(error(400, "M_NOT_JSON", "Content not JSON.")) }
        if let problem = problem(of: content, in: path[4]) { return .refused(problem) }
        return verdict(content, transaction: path[7], exists: request.exists)
    }

    private static func verdict(_ content: JSONValue, transaction: String, exists: @Sendable (Int) -> Bool) -> ServiceVerdict {
        guard let relation = content["m.relates_to"], relation["rel_type"]?.string == "m.replace" else {
            return .posted(key: transaction) { .json(200, ["event_id": .string(first + String($0))]) }
        }
        let original = relation["event_id"]?.string ?? ""
        guard original.hasPrefix(first), let number = Int(original.dropFirst(first.count)), exists(number) else {
            return .refused(error(400, "M_UNKNOWN", "Can't send relation to unknown event"))
        }
        return .edited(
            number, payload: content["m.new_content"], answer: .json(200, ["event_id": .string("$edit" + transaction.prefix(40))]))
    }

    private static let first = "$event"

    private static func problem(of content: JSONValue, in room: String) -> WebResponse? {
        if let problem = wordless(content) { return problem }
        if content["m.relates_to"]?["rel_type"]?.string == "m.replace" {
            guard let new = content["m.new_content"] else { return error(400, "M_BAD_JSON", "m.new_content is missing") }
            if let problem = wordless(new) { return problem }
        }
        // The size is that of the event as a server stores it, without its hashes and signatures.
        let event: JSONValue = [
            "content": content, "room_id": .string(room), "sender": "@relay:matrix.example", "type": "m.room.message",
            "origin_server_ts": 1_795_510_800_000,
        ]
        return event.bytes.count > 65_536 ? error(413, "M_TOO_LARGE", "event too large") : nil
    }

    private static func wordless(_ content: JSONValue) -> WebResponse? {
        guard content["msgtype"]?.string != nil, content["body"]?.string != nil else {
            return error(400, "M_BAD_JSON", "msgtype or body is missing")
        }
        // This is the only protection against mentions. Without it, the text itself could have notified people.
        guard content["m.mentions"]?.object != nil else { return error(400, "M_BAD_JSON", "m.mentions: missing, this double wants it") }
        return nil
    }

    private static let unrecognized = error(404, "M_UNRECOGNIZED", "Unrecognized request")

    private static func error(_ status: Int, _ code: String, _ message: String) -> WebResponse {
        .json(status, ["errcode": .string(code), "error": .string(message)])
    }

    /// The wait is in milliseconds in the body and rounded up to whole seconds in the header.
    static func tooMany(seconds: Double, now: Timestamp) -> WebResponse {
        var answer = WebResponse.json(
            429, ["errcode": "M_LIMIT_EXCEEDED", "error": "Too Many Requests", "retry_after_ms": .int(Int(seconds * 1_000))])
        answer.headers.append(("Retry-After", "\(Int(seconds.rounded(.up)))"))
        return answer
    }

    static func card(_ payload: JSONValue) -> Markup {
        let words = payload["formatted_body"]?.string.map(MatrixHTML.markup) ?? Markup(text: payload["body"]?.string ?? "")
        let notice: Markup? = payload["msgtype"]?.string == "m.notice" ? "<p class=\"context\">a notice</p>" : nil
        return "<p class=\"plain\">\(words)</p>\(notice)"
    }
}

/// The HTML of a message as a client sanitises it: it keeps a few tags and drops all others.
/// Source: https://spec.matrix.org/v1.15/client-server-api/#mroommessage-msgtypes
enum MatrixHTML {
    /// The tags that are kept, each with the tag that draws it.
    private static let kept: [String: Markup] = ["strong": "b", "b": "b", "em": "i", "i": "i", "code": "code"]

    static func markup(_ html: String) -> Markup {
        var rest = Substring(html), out = Markup.nothing, open: [Markup] = []
        while let start = rest.firstIndex(of: "<"), let end = rest[start...].firstIndex(of: ">") {
            out = out + Markup(text: plain(rest[..<start])) + tag(rest[rest.index(after: start)..<end], &open)
            rest = rest[rest.index(after: end)...]
        }
        return out + Markup(text: plain(rest)) + Markup(open.reversed().map { "</\($0)>" })
    }

    private static func tag(_ inside: Substring, _ open: inout [Markup]) -> Markup {
        if inside == "br" || inside == "br/" { return "<br>" }
        if inside.hasPrefix("/") {
            let name: Markup? = inside == "/a" ? "a" : kept[String(inside.dropFirst())]
            guard let name, open.last == name else { return .nothing }
            open.removeLast()
            return "</\(name)>"
        }
        if inside.hasPrefix("a href=\""), inside.hasSuffix("\"") {
            open.append("a")
            let link = plain(inside.dropFirst(8).dropLast())
            return "<a href=\"\(safeLink(link) ?? "#")\" rel=\"noreferrer\">"
        }
        guard let name = kept[String(inside)] else { return .nothing }
        open.append(name)
        return "<\(name)>"
    }

    private static func plain(_ text: some StringProtocol) -> String { text.readingEntities(["&quot;": "\"", "&#39;": "'"]) }
}
