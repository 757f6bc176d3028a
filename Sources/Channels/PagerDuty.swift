import RelayCore
import RelaySupport
import Transport

/// PagerDuty alerts by Events API v2: repeats are merged, and a decision resolves the alert.
/// Source: https://developer.pagerduty.com/docs/send-alert-event
package enum PagerDuty {
    package static let type = ChannelType(
        name: "pagerduty",
        abilities: Abilities(edit: true, nativePriority: true, idempotency: "dedup_key", limit: Limit(8_000, .bytes)),
        dialect: .plain,
        titleLimit: Limit(900, .utf16),
        // PagerDuty takes about 120 events a minute per key.
        pace: (burst: 10, every: .milliseconds(500)),
        hasFields: true,
        read: read)

    /// The limit of `summary`; PagerDuty does not cut it by itself.
    private static let mostSummary = Limit(1_024, .utf16)

    private static func read(_ section: ConfigSection, _ basics: DestinationBasics) -> ChannelPlan? {
        let key = section.secret("routing_key", required: true, expected: "an integration key, best as \"${NAME}\"")
        let api = section.base("api_url", basics, vendor: "https://events.pagerduty.com")
        guard let key, let api else { return nil }
        guard key.reveal().utf8.count == 32, key.reveal().utf8.allSatisfy(\.isAlphanumeric) else {
            section.note(
                "routing_key", "\(section.path).routing_key is no integration key",
                expected: "32 letters and digits, of an Events API V2 integration")
            return nil
        }
        return ChannelPlan { PagerDutyChannel(api: api, key: key, network: basics.network, tools: $0) }
    }

    /// All messages about one approval, one run or one problem of the relay share an alert; any other message has a separate one.
    static func dedupKey(_ message: Message) -> String {
        switch message.event.kind {
        case .approval, .decision, .reminder, .run, .relay, .absence: message.subjectKey
        case .notification, .digest: message.idempotencyKey
        }
    }

    /// True if nobody has to act any more.
    static func resolves(_ message: Message) -> Bool {
        switch message.event.payload.detail {
        case .approval(let detail): detail.state != .open
        case .relay(let detail): detail.over
        case .absence(let detail): detail.state == .closed
        case .run(let detail): detail.recovery != nil
        case .notification, .digest: false
        }
    }

    static func payload(_ message: Message, key: String, dedupKey: String) -> JSONValue {
        if message.isPlain { return plain(message, key: key, dedupKey: dedupKey) }
        let links = message.links().map { ["href": .string($0.url), "text": .string($0.label)] as JSONValue }
        return [
            "routing_key": .string(key), "event_action": resolves(message) ? "resolve" : "trigger", "dedup_key": .string(dedupKey),
            "client": "NotifyRelay", "links": .array(links), "payload": alert(message),
        ]
    }

    /// Only the members that PagerDuty requires, and the text with its links.
    private static func plain(_ message: Message, key: String, dedupKey: String) -> JSONValue {
        [
            "routing_key": .string(key), "event_action": resolves(message) ? "resolve" : "trigger", "dedup_key": .string(dedupKey),
            "payload": [
                "summary": .string(Dialect.plain.cut(message.title.oneLine(most: 500), to: mostSummary)),
                "severity": .string(severity(message.event.priority)),
                "source": .string(message.event.account ?? "notify-relay"),
                "custom_details": ["text": .string(message.plainText(.plain, most: Limit(4_000, .bytes)))],
            ],
        ]
    }

    private static func alert(_ message: Message) -> JSONValue {
        let words = message.title.oneLine(most: 2_000)
        let summary = words.isEmpty ? message.event.kind.rawValue : words
        var details: [String: JSONValue] = ["text": .string(message.labelledBody), "id": .string(message.event.id)]
        for (name, value) in message.facts { details[name.lowercased()] = .string(value) }
        var alert: [String: JSONValue] = [
            "summary": .string(Dialect.plain.cut(summary, to: mostSummary)), "severity": .string(severity(message.event.priority)),
            "source": .string(message.event.account ?? "notify-relay"), "timestamp": .string(message.event.occurredAt.description),
            "class": .string(message.event.kind.rawValue), "custom_details": .object(details),
        ]
        // A null member is not the same as a missing one, so it is left out if there is no automation.
        alert["component"] = message.event.payload.origin.automation.map(JSONValue.string)
        return .object(alert)
    }

    private static func severity(_ priority: Priority) -> String {
        switch priority {
        case .low: "info"
        case .normal: "warning"
        case .high: "error"
        case .urgent: "critical"
        }
    }

    /// Only 202 means accepted; any other 2xx does not come from PagerDuty. A 429 states no wait.
    static func judge(_ common: DeliveryError?, _ response: HTTPResponse, _ json: JSONValue) -> DeliveryError? {
        let status = response.status
        let words = [json["message"]?.string] + (json["errors"]?.array ?? []).map(\.string)
        let errors = words.compactMap { $0 }.joined(separator: " ").lowercased()
        switch status {
        case 200...299: return response.errorInBody(json)
        case 400 where errors.contains("routing_key") || errors.contains("routing key"):
            return DeliveryError(.gone, .unauthorized, "answered 400: the integration key is not known", status: status)
        case 400 where ["links", "images", "custom_details", "too large"].contains(where: errors.contains):
            return DeliveryError(.trimmings, .rejected, "answered 400: it refuses the form", status: status)
        case 404: return DeliveryError(.gone, .notFound, "answered 404: nothing is there", status: status)
        case 429:
            return DeliveryError(
                .throttled(after: common?.wish ?? .seconds(30)), .rateLimited, "answered 429: too many events", status: status)
        default: return common
        }
    }
}

struct PagerDutyChannel: Channel {
    let api: HTTPAddress
    let key: Secret
    let network: NetworkOptions
    let tools: ChannelTools

    func deliver(_ message: Message) async throws(DeliveryError) -> Receipt {
        try await send(message, dedupKey: PagerDuty.dedupKey(message))
    }

    /// Sends the same key again, which changes or resolves the alert. The key comes from the receipt, because `dedupKey` gives another one
    /// after the destination was renamed.
    func update(_ earlier: Receipt, with message: Message) async throws(DeliveryError) -> Receipt {
        try await send(message, dedupKey: earlier.remote["dedup_key"] ?? PagerDuty.dedupKey(message))
    }

    private func send(_ message: Message, dedupKey: String) async throws(DeliveryError) -> Receipt {
        let post = JSONPost(tools: tools, network: network)
        let payload = PagerDuty.payload(message, key: key.reveal(), dedupKey: dedupKey)
        let request = post.request("POST", Secret(api.base + "/v2/enqueue"), json: payload)
        let accepted = try await post.send(
            request, isIdempotent: true, takes: { response, _ in response.status == 202 }, sharpen: PagerDuty.judge)
        return accepted.receipt(["dedup_key": dedupKey])
    }

    func preview(_ message: Message) -> String {
        let payload = PagerDuty.payload(message, key: key.description, dedupKey: PagerDuty.dedupKey(message))
        return String(decoding: payload.bytes, as: UTF8.self)
    }

    func connect() async -> [Finding] { await reach(api, over: tools.http, network: network) }
}
