import RelayCore
import RelaySupport
import Transport

/// An ntfy topic: push notifications with native priorities, replaced in place.
/// Sources: https://docs.ntfy.sh/publish/#publish-as-json, https://docs.ntfy.sh/publish/#updating-deleting-notifications
package enum Ntfy {
    package static let type = ChannelType(
        name: "ntfy",
        abilities: Abilities(
            edit: true, buttons: true, nativePriority: true, idempotency: "sequence_id", silent: true, limit: Limit(3_500, .bytes)),
        dialect: .plain,
        titleLimit: Limit(200, .codePoints),
        read: read)

    /// The limit of ntfy.sh: sixty requests at once, then one every five seconds. Other servers set their own.
    /// Source: https://docs.ntfy.sh/publish/#limitations
    private static let vendorPace: (burst: Int, every: Duration) = (60, .seconds(5))

    private static func read(_ section: ConfigSection, _ basics: DestinationBasics) -> ChannelPlan? {
        let server = section.address("server", basics, isSecret: false)
        let topic = section.required("topic", topicShape)
        let token = section.secret("token")
        guard let server, let topic else { return nil }
        // The problem does not show the topic: anybody who knows the name of an unprotected topic can read it.
        guard isTopic(topic) else {
            section.note("topic", "\(section.path).topic is no topic that ntfy takes", expected: topicShape)
            return nil
        }
        guard token?.fitsHeader ?? true else {
            section.note("token", "\(section.path).token is no access token", expected: "tk_…")
            return nil
        }
        return ChannelPlan(pace: server.parts.host == "ntfy.sh" ? vendorPace : nil) {
            NtfyChannel(server: server, topic: Secret(topic), token: token, network: basics.network, tools: $0)
        }
    }

    private static let topicShape = "1 to 64 letters, digits, - and _"
    private static let disallowed: Set<String> = [
        "docs", "static", "file", "app", "metrics", "account", "settings", "signup", "login", "v1",
    ]

    private static func isTopic(_ text: String) -> Bool { isName(text) && !disallowed.contains(text) }

    /// The form that ntfy requires for topics.
    private static func isName(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { $0.isAlphanumeric || "-_".utf8.contains($0) }
    }
}

struct NtfyChannel: Channel {
    let server: HTTPAddress
    /// Secret: without a token, the topic's name is the only protection of its messages.
    let topic: Secret
    let token: Secret?
    let network: NetworkOptions
    let tools: ChannelTools

    func deliver(_ message: Message) async throws(DeliveryError) -> Receipt { try await send(message, Ntfy.sequence(of: message)) }

    /// A later message of the same sequence replaces the earlier one.
    func update(_ earlier: Receipt, with message: Message) async throws(DeliveryError) -> Receipt {
        try await send(message, earlier.remote["sequence_id"] ?? Ntfy.sequence(of: message))
    }

    func preview(_ message: Message) -> String {
        let shown = token == nil ? "\(topic)" : topic.reveal()
        return String(decoding: Ntfy.payload(message, topic: shown, sequence: Ntfy.sequence(of: message)).bytes, as: UTF8.self)
    }

    /// With a token it asks for the token's account; without one it asks only for the server's health.
    func connect() async -> [Finding] {
        let path = token == nil ? "/v1/health" : "/v1/account"
        let request = HTTPRequest("GET", Secret(server.base + path), headers: authorization, network: network)
        return await JSONPost(tools: tools, network: network).ask(request, "the server \(server.origin)", takes: { $1.object != nil }) {
            common, response, json in
            common.map { Ntfy.sharpened($0, response, json) }
        }
    }

    private func send(_ message: Message, _ sequence: String) async throws(DeliveryError) -> Receipt {
        let post = JSONPost(tools: tools, network: network)
        let payload = Ntfy.payload(message, topic: topic.reveal(), sequence: sequence)
        let request = post.request("POST", Secret(server.base + "/"), json: payload, headers: authorization)
        let accepted = try await post.send(request, isIdempotent: true, takes: { $1["id"]?.string != nil }) { Ntfy.judge($0, $1, $2) }
        return accepted.receipt(["sequence_id": sequence])
    }

    private var authorization: [(name: String, value: Secret)] { token.map { [$0.asBearer] } ?? [] }
}
