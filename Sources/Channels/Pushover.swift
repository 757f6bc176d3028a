import RelayCore
import RelaySupport
import Transport

/// Pushover: native priorities, and an emergency that repeats until somebody acknowledges it.
/// Sources: https://pushover.net/api, https://pushover.net/api/receipts
package enum Pushover {
    package static let type = ChannelType(
        name: "pushover",
        abilities: Abilities(nativePriority: true, silent: true, mostWidth: 2, limit: Limit(1_000, .codePoints)),
        dialect: .plain,
        titleLimit: Limit(240, .codePoints),
        read: read)

    private static let mostMessage = Limit(1_024, .codePoints)
    private static let mostTitle = Limit(250, .codePoints)
    private static let mostURL = Limit(512, .codePoints)

    private static func read(_ section: ConfigSection, _ basics: DestinationBasics) -> ChannelPlan? {
        let token = section.secret("token", required: true, expected: "the application's token, best as \"${NAME}\"")
        let user = section.secret("user", required: true, expected: "a user's or a group's key, best as \"${NAME}\"")
        let api = section.base("api_url", basics, vendor: "https://api.pushover.net")
        guard let token, let user, let api else { return nil }
        for (name, key) in [("token", token), ("user", user)] where !isKey(key) {
            section.note(name, "\(section.path).\(name) is no key of Pushover", expected: "30 letters and digits")
            return nil
        }
        return ChannelPlan { PushoverChannel(api: api, token: token, user: user, network: basics.network, tools: $0) }
    }

    private static func isKey(_ key: Secret) -> Bool {
        let text = key.reveal().utf8
        return text.count == 30 && text.allSatisfy(\.isAlphanumeric)
    }

    static func payload(_ message: Message, token: String, user: String) -> JSONValue {
        if message.isPlain {
            return [
                "token": .string(token), "user": .string(user),
                "message": .string(message.plainText(.plain, most: Limit(900, .codePoints))),
            ]
        }
        let body = message.body.trimmed.isEmpty ? message.smallPrint : message.body
        let words = [message.label, body].compactMap { $0 }.joined(separator: "\n")
        var payload: [String: JSONValue] = [
            "token": .string(token), "user": .string(user), "title": .string(Dialect.plain.cut(message.title, to: mostTitle)),
            "message": .string(Dialect.plain.cut(words, to: mostMessage)), "timestamp": .int(message.event.occurredAt.seconds),
            "priority": .int(priority(message)),
        ]
        if priority(message) == 2 {
            // It repeats 48 times within an hour; at most 50 repeats are allowed. Source: https://pushover.net/api#priority
            payload["retry"] = 75
            payload["expire"] = 3_600
        }
        if let link = message.mainLink(within: mostURL) {
            payload["url"] = .string(link.url)
            payload["url_title"] = .string(link.label)
        }
        return .object(payload)
    }

    /// The priority on Pushover's scale. A sample never becomes an emergency, which repeats until it is acknowledged.
    private static func priority(_ message: Message) -> Int {
        switch message.event.priority {
        case .low: -1
        case .normal: 0
        case .high: 1
        case .urgent: message.label == nil ? 2 : 1
        }
    }

    /// The verdict for a response. Source: https://pushover.net/api#friendly
    static func judge(_ common: DeliveryError?, _ response: HTTPResponse, _ json: JSONValue, now: Timestamp) -> DeliveryError? {
        let status = response.status
        switch status {
        case 200...299:
            if let said = json["status"]?.int, said != 1 {
                return DeliveryError(.refused, .rejected, "answered \(status), and says that it failed", status: status)
            }
            return response.errorInBody(json)
        case 429:
            return DeliveryError(
                .throttled(after: untilReset(response, now: now)), .rateLimited, "answered 429: the month's quota is used up",
                status: status)
        // A response without Pushover's own `status` member comes from something else, such as a proxy.
        case 400...499 where json["status"] != nil:
            let isOurs =
                ["token", "user"].contains { json[$0]?.string == "invalid" }
                || (json["errors"]?.array ?? []).contains { ($0.string ?? "").contains("token") || ($0.string ?? "").contains("user") }
            if isOurs { return DeliveryError(.gone, .unauthorized, "answered \(status): token or user is not known", status: status) }
            // Repeating the same request leads to a block, so only another form of the message is sent: https://pushover.net/api#friendly
            let words = (json["errors"]?.array ?? []).compactMap(\.string).joined(separator: " ").lowercased()
            if ["url", "priority", "retry", "expire", "title", "too long", "html", "sound", "timestamp"].contains(where: words.contains) {
                return DeliveryError(.trimmings, .rejected, "answered \(status): it refuses the form", status: status)
            }
            return DeliveryError(.refused, .rejected, "answered \(status): it refuses this message", status: status)
        case 500...599:
            return DeliveryError(
                .retry(after: max(common?.wish ?? .zero, .seconds(5))), .serverError, common?.detail ?? "it has failed", status: status)
        default: return common
        }
    }

    /// The monthly quota resets on the first of the month; the header holds epoch seconds. Like every wait it is limited to one hour, after
    /// which the lane tries again.
    private static func untilReset(_ response: HTTPResponse, now: Timestamp) -> Duration {
        let reset = response.header("x-limit-app-reset").flatMap { Int64($0) }.map(Timestamp.init(seconds:))
        let wait = reset.map { now.duration(to: $0) } ?? RetryAfter.believed.upperBound
        return RetryAfter.limited(wait)
    }
}

struct PushoverChannel: Channel {
    let api: HTTPAddress
    let token: Secret
    let user: Secret
    let network: NetworkOptions
    let tools: ChannelTools

    func deliver(_ message: Message) async throws(DeliveryError) -> Receipt {
        let accepted = try await call("/1/messages.json", Pushover.payload(message, token: token.reveal(), user: user.reveal()))
        var receipt = Receipt(emergencies: accepted.json["receipt"]?.string.map { [$0] } ?? [])
        receipt.remark = accepted.remark
        return receipt
    }

    /// Pushover cannot edit a message. An emergency is cancelled when the approval is decided or when a new emergency replaces it.
    func update(_ earlier: Receipt, with message: Message) async throws(DeliveryError) -> Receipt {
        let ringing = earlier.emergencies
        guard !ringing.isEmpty else { return try await deliver(message) }
        if message.isDecided {
            // The cancellation comes before the send, so that both can be tried again.
            for emergency in ringing { try await cancel(emergency) }
            return try await deliver(message)
        }
        let new = try await deliver(message).emergencies
        if new.isEmpty { return earlier }
        return Receipt(emergencies: new + (await stillRinging(ringing)))
    }

    /// A reminder may be an emergency too. It takes the place of the earlier one, and is cancelled by the decision like that.
    func follow(_ earlier: Receipt, with message: Message) async throws(DeliveryError) -> Receipt {
        try await update(earlier, with: message)
    }

    /// Cancels emergencies. Returns those that cannot be cancelled now, so that a later message about the same subject tries again.
    private func stillRinging(_ emergencies: [String]) async -> [String] {
        var left: [String] = []
        for emergency in emergencies {
            do throws(DeliveryError) {
                try await cancel(emergency)
            } catch {
                left.append(emergency)
            }
        }
        return left
    }

    /// Cancels an emergency. A receipt that Pushover no longer knows counts as cancelled.
    private func cancel(_ receipt: String) async throws(DeliveryError) {
        do throws(DeliveryError) {
            let path = "/1/receipts/\(receipt)/cancel.json"
            let accepted = try await call(path, ["token": .string(token.reveal())], isIdempotent: true)
            // Unlike a message, a cancellation that was not understood can be repeated without harm.
            guard accepted.remark == nil else { throw DeliveryError(.uncertain, .badAnswer, "its response is not understood") }
        } catch {
            switch error.verdict {
            case .refused, .doubtful, .trimmings, .vanished: return
            case .uncertain:
                throw DeliveryError(.retry(after: .seconds(5)), error.reason, "to cancel: \(error.detail)", status: error.status)
            case .retry, .throttled, .unavailable, .gone, .suspect: throw error
            }
        }
    }

    func preview(_ message: Message) -> String {
        String(decoding: Pushover.payload(message, token: token.description, user: user.description).bytes, as: UTF8.self)
    }

    func connect() async -> [Finding] { await reach(api, over: tools.http, network: network) }

    private func call(_ path: String, _ payload: JSONValue, isIdempotent: Bool = false) async throws(DeliveryError) -> JSONPost.Accepted {
        let post = JSONPost(tools: tools, network: network)
        let now = tools.clock.now
        let request = post.request("POST", Secret(api.base + path), json: payload)
        return try await post.send(request, isIdempotent: isIdempotent, takes: { $1["status"]?.int == 1 }) {
            Pushover.judge($0, $1, $2, now: now)
        }
    }
}

extension Receipt {
    /// Remembers emergencies by their receipts, the latest first.
    fileprivate init(emergencies: [String]) {
        self.init()
        remote["receipt"] = emergencies.first
        if emergencies.count > 1 { remote["earlier"] = emergencies.dropFirst().joined(separator: ",") }
        isOngoing = !emergencies.isEmpty
    }

    /// The receipts of the emergencies that may still ring, the latest first. A text that cannot be a receipt is left out.
    fileprivate var emergencies: [String] {
        let earlier = remote["earlier"].map { $0.split(separator: ",").map(String.init) } ?? []
        return ([remote["receipt"]].compactMap(\.self) + earlier).filter { !$0.isEmpty && $0.utf8.allSatisfy(\.isAlphanumeric) }
    }
}

extension Message {
    fileprivate var isDecided: Bool {
        if case .approval(let detail) = event.payload.detail { detail.state != .open } else { false }
    }
}
