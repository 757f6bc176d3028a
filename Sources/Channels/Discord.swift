import RelayCore
import RelaySupport
import Transport

/// Discord by webhook: embeds that are edited in place.
/// Sources: https://docs.discord.com/developers/resources/webhook, https://docs.discord.com/developers/topics/rate-limits
package enum Discord {
    package static let type = ChannelType(
        name: "discord",
        abilities: Abilities(edit: true, buttons: true, mention: true, silent: true, limit: Limit(3_800, .utf16)),
        dialect: dialect,
        titleLimit: Limit(240, .utf16),
        // Discord documents no number; this rate stays below what users report. The headers of each response take precedence.
        pace: (burst: 5, every: .seconds(2)),
        hasFields: true,
        read: read)

    /// `allowed_mentions` disables mentions. A backslash disables marks, including `[` and `]`, so that no label can hide where its link
    /// leads.
    static let dialect = Dialect.backslashed(
        name: "discord", marks: "\\*_~|>#-+[]()<:`", breaksMentions: false, link: Dialect.bareLink)

    private static func read(_ section: ConfigSection, _ basics: DestinationBasics) -> ChannelPlan? {
        let thread = section.string("thread")
        let callback = section.string("public_key").map(DiscordCallback.init)
        if let callback, case nil = callback {
            section.wrong("public_key", "the application's public key: 64 hexadecimal digits")
        }
        let address = section.address("url", basics)
        if let thread, !thread.utf8.allSatisfy(\.isDigit) || thread.isEmpty {
            section.wrong("thread", "the id of a thread: digits")
            return nil
        }
        guard let address, let base = base(address, section) else { return nil }
        section.warnOfOtherHost(address, vendors, "https://discord.com/api/webhooks/…")
        let key = callback.flatMap { $0 }
        return ChannelPlan(callback: key.map(Callback.discord)) {
            DiscordChannel(base: base, address: address, thread: thread, network: basics.network, tools: $0)
        }
    }

    private static let vendors = ["discord.com", "discordapp.com", "ptb.discord.com", "canary.discord.com"]

    /// The URL without query and trailing slash; on Discord's own hosts with a fixed API version.
    private static func base(_ address: HTTPAddress, _ section: ConfigSection) -> Secret? {
        var url = String(address.url.reveal().prefix { $0 != "?" && $0 != "#" })
        while url.hasSuffix("/") { url.removeLast() }
        if url.hasSuffix("/slack") || url.hasSuffix("/github") {
            section.note(
                "url", "\(section.path).url ends in a foreign format, which knows no guard against mentions",
                expected: "the webhook's own address")
            return nil
        }
        guard vendors.contains(address.parts.host) else { return Secret(url) }
        guard let start = url.firstRange(of: "/webhooks/") else {
            section.note("url", "\(section.path).url is no webhook", expected: "https://discord.com/api/webhooks/…")
            return nil
        }
        return Secret("https://discord.com/api/v10" + url[start.lowerBound...])
    }
}

struct DiscordChannel: Channel {
    /// Secret, because it ends with the webhook's token.
    let base: Secret
    let address: HTTPAddress
    let thread: String?
    let network: NetworkOptions
    let tools: ChannelTools

    func deliver(_ message: Message) async throws(DeliveryError) -> Receipt {
        try await send("POST", url("", wait: true), Discord.payload(message), earlier: nil)
    }

    func update(_ earlier: Receipt, with message: Message) async throws(DeliveryError) -> Receipt {
        guard let id = earlier.remote["id"], id.utf8.allSatisfy(\.isDigit) else { return try await deliver(message) }
        return try await send("PATCH", url("/messages/\(id)", wait: false), Discord.payload(message), earlier: earlier)
    }

    func preview(_ message: Message) -> String { String(decoding: Discord.payload(message).bytes, as: UTF8.self) }

    /// Reads the webhook's own description, which changes nothing.
    func connect() async -> [Finding] {
        let request = HTTPRequest("GET", base, headers: [("User-Agent", Secret(agent))], network: network)
        return await JSONPost(tools: tools, network: network).ask(request, "the webhook of \(address.origin)", takes: { $1["id"] != nil }) {
            Discord.judge($0, $1, $2, isEdit: false)
        }
    }

    private func send(_ method: String, _ url: Secret, _ payload: JSONValue, earlier: Receipt?) async throws(DeliveryError) -> Receipt {
        let post = JSONPost(tools: tools, network: network)
        var request = post.request(method, url, json: payload)
        // Discord may block another form of user agent: https://docs.discord.com/developers/reference#user-agent
        request.headers.removeAll { $0.name == "User-Agent" }
        request.headers.append(("User-Agent", Secret(agent)))
        let isEdit = earlier != nil
        let accepted = try await post.send(request, isIdempotent: isEdit, takes: { isEdit || $1["id"]?.string != nil }) {
            Discord.judge($0, $1, $2, isEdit: isEdit)
        }
        let pause = Discord.pause(after: accepted.response)
        return earlier.map { accepted.keeping($0, pause: pause) }
            ?? accepted.receipt(accepted.json["id"]?.string.map { ["id": $0] } ?? [:], pause: pause)
    }

    private var agent: String { "DiscordBot (https://github.com/notify-relay, \(tools.version))" }

    private func url(_ path: String, wait: Bool) -> Secret {
        var query = wait ? ["wait=true", "with_components=true"] : ["with_components=true"]
        if let thread { query.append("thread_id=\(thread)") }
        return Secret(base.reveal() + path + "?" + query.joined(separator: "&"))
    }
}
