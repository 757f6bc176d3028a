import Foundation
import RelayCore
import RelaySupport
import Transport

/// A topic in a Zulip channel by bot, with messages edited in place.
/// Sources: https://zulip.com/api/send-message, https://zulip.com/api/update-message, https://zulip.com/api/rest-error-handling
package enum Zulip {
    package static let type = ChannelType(
        name: "zulip",
        abilities: Abilities(edit: true, mention: true, limit: Limit(8_000, .codePoints)),
        dialect: dialect,
        titleLimit: Limit(250, .codePoints),
        // Zulip allows 200 requests a minute per user: https://zulip.com/api/rest-error-handling#rate-limit-exceeded
        pace: (burst: 20, every: .milliseconds(350)),
        hasFields: true,
        read: read)

    /// The longest text and topic, in code points; Zulip silently cuts anything longer.
    /// Source: https://zulip.com/api/register-queue#response (`max_message_length`, `max_topic_length`)
    static let mostText = 10_000
    static let mostTopic = 60

    /// Zulip's Markdown has no escape: https://github.com/zulip/zulip/issues/18202. A zero-width space breaks text that would mention
    /// somebody, hide an address behind other words, or format the text after it.
    static let dialect = Dialect(name: "zulip", escape: broken, quote: Dialect.Quote("> ", needsEmptyLine: true))

    private static func broken(_ text: String) -> String {
        var out: [UInt8] = []
        out.reserveCapacity(text.utf8.count + 16)
        var previous: UInt8 = 0, startsLine = true
        for byte in text.utf8 {
            let isPair = byte == previous && "`~*$".utf8.contains(byte)
            let opensBlock = startsLine && "#>".utf8.contains(byte)
            let opensLink = byte == UInt8(ascii: "(") && previous == UInt8(ascii: "]")
            if isPair || opensBlock || opensLink { out += "\u{200B}".utf8 }
            out.append(byte)
            startsLine = byte == UInt8(ascii: "\n") || (startsLine && (byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")))
            previous = byte
        }
        return Dialect.breakingMentions(String(decoding: out, as: UTF8.self))
    }

    private static func read(_ section: ConfigSection, _ basics: DestinationBasics) -> ChannelPlan? {
        let server = section.address("server", basics, isSecret: false)
        let email = section.required("email", "the bot's address")
        let key = section.secret("api_key", required: true, expected: "the bot's API key, best as \"${NAME}\"")
        let stream = section.required("stream", "the name or the id of a channel")
        let topic = section.required("topic", "at most \(mostTopic) characters")
        guard let server, let email, let key, let stream, let topic else { return nil }
        guard email.contains("@"), !email.contains(":"), email.utf8.allSatisfy({ (33...126).contains($0) }) else {
            section.wrong("email", "the bot's address, such as relay-bot@org.zulipchat.com")
            return nil
        }
        guard key.fitsHeader else {
            section.note("api_key", "\(section.path).api_key is no API key", expected: "letters and digits")
            return nil
        }
        let place = Place(stream: stream, topic: Dialect.plain.cut(topic, to: Limit(mostTopic, .codePoints)))
        if place.topic != topic {
            section.note(
                "topic", "\(section.path).topic is cut", expected: "at most \(mostTopic) characters", isWarning: true)
        }
        let login = Secret("Basic " + Data("\(email):\(key.reveal())".utf8).base64EncodedString())
        return ChannelPlan { ZulipChannel(server: server, login: login, place: place, network: basics.network, tools: $0) }
    }

    struct Place: Sendable {
        var stream: String
        var topic: String
    }
}

struct ZulipChannel: Channel {
    let server: HTTPAddress
    /// The complete value of the `Authorization` header.
    let login: Secret
    let place: Zulip.Place
    let network: NetworkOptions
    let tools: ChannelTools

    func deliver(_ message: Message) async throws(DeliveryError) -> Receipt {
        let accepted = try await send("POST", "messages", fields(message), isEdit: false)
        let pause = Zulip.pause(after: accepted.response, now: tools.clock.now)
        return accepted.receipt(accepted.json["id"]?.int.map { ["id": String($0)] } ?? [:], pause: pause)
    }

    func update(_ earlier: Receipt, with message: Message) async throws(DeliveryError) -> Receipt {
        guard let id = earlier.remote["id"].flatMap(Int.init) else { return try await deliver(message) }
        let accepted = try await send("PATCH", "messages/\(id)", [("content", Zulip.content(message))], isEdit: true)
        return accepted.keeping(earlier, pause: Zulip.pause(after: accepted.response, now: tools.clock.now))
    }

    func preview(_ message: Message) -> String { Zulip.form(fields(message)) }

    func connect() async -> [Finding] {
        let request = HTTPRequest("GET", url("users/me"), headers: [("Authorization", login)], network: network)
        return await JSONPost(tools: tools, network: network).ask(
            request, "the server \(server.origin)", takes: { $1["result"]?.string == "success" }
        ) {
            Zulip.judge($0, $1, $2, isEdit: false)
        }
    }

    /// `stream` is the name that every version knows; `channel` is newer.
    private func fields(_ message: Message) -> [(name: String, value: String)] {
        [("type", "stream"), ("to", place.stream), ("topic", place.topic), ("content", Zulip.content(message))]
    }

    private func send(
        _ method: String, _ path: String, _ fields: [(name: String, value: String)], isEdit: Bool
    ) async throws(DeliveryError) -> JSONPost.Accepted {
        let headers = [
            ("Content-Type", Secret("application/x-www-form-urlencoded")), tools.userAgent,
            ("Authorization", login),
        ]
        let request = HTTPRequest(method, url(path), headers: headers, body: Array(Zulip.form(fields).utf8), network: network)
        let post = JSONPost(tools: tools, network: network)
        return try await post.send(request, isIdempotent: isEdit, takes: { $1["result"]?.string == "success" }) {
            Zulip.judge($0, $1, $2, isEdit: isEdit)
        }
    }

    private func url(_ path: String) -> Secret { Secret("\(server.base)/api/v1/\(path)") }
}
