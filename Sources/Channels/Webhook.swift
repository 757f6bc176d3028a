import RelayCore
import RelaySupport
import Transport

/// Any HTTP receiver, by Standard Webhooks.
package enum Webhook {
    package static let type = ChannelType(
        name: "webhook",
        abilities: Abilities(nativePriority: true, idempotency: "webhook-id", limit: Limit(10_000, .bytes)),
        dialect: .plain,
        titleLimit: Limit(500, .bytes),
        read: read)

    enum Format: String, CaseIterable { case standard, cloudevents }

    private static func read(_ section: ConfigSection, _ basics: DestinationBasics) -> ChannelPlan? {
        let address = section.address("url", basics)
        let keys = keys(section)
        let format = section.word("format", Format.self)
        let headers = headers(section)
        guard let address, let keys, let headers else { return nil }
        if format == nil && section.string("format") != nil { return nil }
        return ChannelPlan {
            WebhookChannel(
                address: address, keys: keys, format: format ?? .standard, headers: headers, network: basics.network, tools: $0)
        }
    }

    /// The keys, current one first. Nil if a key is given and unusable.
    private static func keys(_ section: ConfigSection) -> [WebhookKey]? {
        let secrets = ["secret", "old_secret"].map { ($0, section.secret($0)) }
        if secrets[0].1 == nil && secrets[1].1 != nil {
            section.missing("secret", "the new secret, beside old_secret")
            return nil
        }
        var keys: [WebhookKey] = []
        for case (let name, let secret?) in secrets {
            guard let key = WebhookKey(secret) else {
                section.note(name, "\(section.path).\(name) is no key", expected: "whsec_ and base64, or any other text")
                return nil
            }
            if let doubt = WebhookKey.doubt(about: secret) {
                section.note(
                    name, "\(section.path).\(name) \(doubt)", expected: "whsec_ before base64, if the receiver decodes it", isWarning: true)
            }
            if !WebhookKey.standardLength.contains(key.length) {
                section.note(
                    name, "\(section.path).\(name) has \(key.length) bytes", expected: "24 to 64 bytes (Standard Webhooks)",
                    isWarning: true)
            }
            keys.append(key)
        }
        return keys
    }

    /// Headers that this program writes itself.
    private static let ours: Set<String> = [
        "content-type", "content-length", "transfer-encoding", "host", "connection", "expect", "webhook-id", "webhook-timestamp",
        "webhook-signature",
    ]

    /// The user's own headers. Nil if one is unusable.
    private static func headers(_ section: ConfigSection) -> [(name: String, value: Secret)]? {
        guard let node = section.node("headers") else { return [] }
        guard case .mapping = node.content, let own = section.section("headers") else {
            section.note("headers", "\(section.path).headers is no mapping", expected: "names with their values")
            return nil
        }
        let headers = own.keys.map { ($0, header($0, own)) }
        return headers.contains { $0.1 == nil } ? nil : headers.compactMap { name, value in value.map { (name, $0) } }
    }

    private static func header(_ name: String, _ section: ConfigSection) -> Secret? {
        guard isToken(name), !ours.contains(name.lowercased()) else {
            section.problems.add(
                Problem(
                    section.keyPlace(name), "\(section.path) cannot hold '\(name.prefix(40))'",
                    expected: "a header that is not written by the relay"))
            return nil
        }
        let holdsSecret = ["auth", "key", "token", "secret", "cookie"].contains { name.lowercased().contains($0) }
        let value = holdsSecret ? section.secret(name, required: true) : section.required(name).map(Secret.init)
        guard let value else { return nil }
        guard !value.reveal().utf8.contains(where: { $0 < 0x20 && $0 != 0x09 || $0 == 0x7F }) else {
            section.note(name, "\(section.path).\(name) holds a control character", expected: "one line")
            return nil
        }
        return value
    }

    /// True for a valid header name (RFC 9110 §5.6.2).
    private static func isToken(_ name: String) -> Bool {
        !name.isEmpty
            && name.utf8.allSatisfy { byte in
                byte.isAlphanumeric || "!#$%&'*+-.^_`|~".utf8.contains(byte)
            }
    }
}

struct WebhookChannel: Channel {
    let address: HTTPAddress
    /// Every key signs, so that during a key change the receiver can verify with either one.
    let keys: [WebhookKey]
    let format: Webhook.Format
    let headers: [(name: String, value: Secret)]
    let network: NetworkOptions
    let tools: ChannelTools

    func deliver(_ message: Message) async throws(DeliveryError) -> Receipt {
        let response: HTTPResponse
        do throws(TransportError) {
            response = try await tools.http.send(request(message))
        } catch {
            throw judge(error, idempotent: true)
        }
        if let error = judge(response, now: tools.clock.now) { throw error.tooLargeIsTrimmings }
        // Nothing finds the message again, so nothing of it is kept.
        var receipt = Receipt()
        if response.isPage { receipt.remark = .page }
        return receipt
    }

    func preview(_ message: Message) -> String { String(decoding: body(message), as: UTF8.self) }

    func connect() async -> [Finding] { await reach(address, over: tools.http, network: network) }

    private func request(_ message: Message) -> HTTPRequest {
        let body = body(message)
        let id = message.idempotencyKey
        let timestamp = tools.clock.now.seconds
        var request = HTTPRequest.posting(body, as: contentType, to: address, tools: tools, network: network)
        request.headers.removeAll { ours in headers.contains { $0.name.lowercased() == ours.name.lowercased() } }
        request.headers += [("webhook-id", Secret(id)), ("webhook-timestamp", Secret(String(timestamp)))]
        let signatures = keys.map { $0.signature(id: id, timestamp: timestamp, body: body) }
        if !signatures.isEmpty { request.headers.append(("webhook-signature", Secret(signatures.joined(separator: " ")))) }
        request.headers += headers
        // The status is the whole verdict.
        request.need = .head
        // The receiver may know a resend by its id, and need not.
        request.guardsAgainstResend = message.isAtMostOnce
        return request
    }

    private var contentType: String {
        switch format {
        case .standard: "application/json"
        case .cloudevents: "application/cloudevents+json; charset=UTF-8"
        }
    }

    private func body(_ message: Message) -> [UInt8] {
        let document = EventDocument(message: message)
        return switch format {
        case .standard: document.standard
        case .cloudevents: document.cloudEvent
        }
    }
}
