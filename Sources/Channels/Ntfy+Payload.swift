import RelayCore
import RelaySupport
import Transport

extension Ntfy {
    /// The longest message; ntfy turns a longer one into an attachment or refuses it.
    /// Source: https://docs.ntfy.sh/publish/#limitations
    static let mostMessage = Limit(4_096, .bytes)
    /// The longest JSON document in bytes, escapes included: twice the message limit.
    /// Source: https://github.com/binwiederhier/ntfy/blob/main/server/server.go (`transformBodyJSON`)
    static let mostDocument = 2 * 4_096

    /// All messages about one approval share a sequence. Every other message has a separate one, which makes a repeat harmless.
    static func sequence(of message: Message) -> String { message.isOfApproval ? message.subjectKey : message.idempotencyKey }

    /// JSON escapes can take two bytes for one, so the text is cut shorter until the document fits.
    static func payload(_ message: Message, topic: String, sequence: String) -> JSONValue {
        if message.isPlain {
            let text = message.plainText(.plain, most: Limit(2_000, .bytes))
            return ["topic": .string(topic), "message": .string(text), "sequence_id": .string(sequence)]
        }
        var payload = JSONValue.null
        for room in [mostMessage.most, 3_000, 2_000, 1_000] {
            payload = self.payload(message, topic: topic, sequence: sequence, room: room)
            if payload.bytes.count <= mostDocument { break }
        }
        return payload
    }

    private static func payload(_ message: Message, topic: String, sequence: String, room: Int) -> JSONValue {
        let label = message.label.map { $0 + "\n" } ?? ""
        let tail = "\n" + Dialect.plain.cut(message.smallPrint, to: Limit(300, .bytes))
        let words = label + message.cutBody(.plain, to: Limit(max(0, room - label.utf8.count - tail.utf8.count), .bytes)) + tail
        var payload: [String: JSONValue] = [
            "topic": .string(topic), "title": .string(Dialect.plain.cut(message.title, to: Limit(800, .bytes))),
            "message": .string(words.trimmed), "priority": .int(message.event.priority.ntfy), "sequence_id": .string(sequence),
        ]
        if let tag = message.tone.tag { payload["tags"] = [.string(tag)] }
        let links = message.links(within: Limit(512, .bytes))
        if let first = links.first {
            payload["click"] = .string(first.url)
            payload["actions"] = .array(links.map { ["action": "view", "label": .string($0.label), "url": .string($0.url)] })
        }
        return .object(payload)
    }

    static func judge(_ common: DeliveryError?, _ response: HTTPResponse, _ json: JSONValue) -> DeliveryError? {
        if let common { return sharpened(common, response, json) }
        return response.errorInBody(json)
    }

    /// Refines the common verdict by ntfy's error code.
    /// Source: https://github.com/binwiederhier/ntfy/blob/main/server/errors.go
    static func sharpened(_ common: DeliveryError, _ response: HTTPResponse, _ json: JSONValue) -> DeliveryError {
        let status = response.status, code = json["code"]?.int ?? 0
        func error(_ verdict: DeliveryError.Verdict, _ reason: DeliveryError.Reason, _ meaning: String) -> DeliveryError {
            DeliveryError(verdict, reason, "answered \(status) (\(code)): \(meaning)", status: status)
        }
        switch (status, code) {
        case (429, 42_908): return error(.throttled(after: RetryAfter.believed.upperBound), .rateLimited, "the day's messages are used up")
        // ntfy states no wait; it allows one more request every five seconds.
        case (429, _): return error(.throttled(after: max(common.wish ?? .zero, .seconds(5))), .rateLimited, "too many requests")
        case (401, 40_101), (403, 40_301): return error(.gone, .unauthorized, "it does not let us publish there")
        case (404, 40_401): return error(.gone, .notFound, "no ntfy is at this address")
        case (400, 40_041), (413, _): return error(.trimmings, .tooLarge, "too large for it")
        // All other codes of this group are about a part of the message: its actions, tags, priority, click, delay or sequence.
        case (400, 40_000...40_099): return error(.trimmings, .rejected, "it refuses the form")
        default: return code == 0 ? common : error(common.verdict, common.reason, "it refuses or has failed")
        }
    }
}

extension Priority {
    /// ntfy's scale is 1 to 5: 3 is the default, 2 makes no sound, and 5 is the most insistent.
    /// Source: https://docs.ntfy.sh/publish/#message-priority
    fileprivate var ntfy: Int {
        switch self {
        case .low: 2
        case .normal: 3
        case .high: 4
        case .urgent: 5
        }
    }
}

extension Tone {
    /// A tag that ntfy shows as an emoji before the title: https://docs.ntfy.sh/emojis/
    fileprivate var tag: String? {
        switch self {
        case .quiet, .plain: nil
        case .good: "white_check_mark"
        case .waiting: "hourglass"
        case .bad: "warning"
        case .alarm: "rotating_light"
        }
    }
}
