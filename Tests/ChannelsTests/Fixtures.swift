import Channels
import RelayCore
import RelaySupport
import RelayTesting
import Testing
import Transport

extension Message {
    /// A message as a lane passes it to a channel; a test sets only the values that matter to it.
    static func of(
        _ kind: Event.Kind = .notification, _ priority: Priority = .normal, title: String = "Invoice sync has finished",
        body: String = "42 invoices were sent.\nNothing is left.", html: String? = nil, link: String? = nil,
        recipient: String = "", detail: Detail? = nil, origin: Origin = .invoices, account: String? = "live",
        mention: String? = nil, label: String? = nil
    ) -> Message {
        let event = Event(
            id: kind.exampleID, account: kind == .relay || kind == .digest ? nil : account, kind: kind,
            subject: kind.exampleSubject,
            priority: priority, occurredAt: Timestamp(seconds: 1_795_510_800), seenAt: Timestamp(seconds: 1_795_510_803),
            payload: Payload(origin: kind == .relay || kind == .digest ? Origin() : origin, detail: detail ?? kind.exampleDetail))
        return Message(
            event: event, title: title, body: body, html: html, link: link, recipient: recipient,
            idempotencyKey: "3f79bb7b435b05321651daefd374cdc681dc06faa65e374e38337b88ca046dea",
            subjectKey: "c0ffee7b435b05321651daefd374cdc681dc06faa65e374e38337b88ca046dea", deliveryID: 17, mention: mention, label: label)
    }
}

extension Origin {
    static let invoices = Origin(
        staging: false, automation: "Invoice sync", automationID: "9d3c", risk: "high", trigger: "schedule", runID: "77aa",
        runStatus: "waiting_approval")
}

extension Event.Kind {
    var exampleSubject: String {
        switch self {
        case .notification: "live/notification/5b1e"
        case .approval, .decision, .reminder: "live/approval/c0de"
        case .run: "live/run/77aa"
        case .digest: "digest/morning"
        case .absence: "live/absence/9d3c/start/2026-11-24T09:10:00Z"
        case .relay: "relay/closed/ops"
        }
    }

    var exampleID: String {
        switch self {
        case .notification, .absence: exampleSubject
        case .approval: exampleSubject + "/v1"
        case .decision: exampleSubject + "/v2"
        case .reminder: exampleSubject + "/remind/1"
        case .run, .digest, .relay: exampleSubject + "/2026-11-24T09:00:00Z"
        }
    }

    var exampleDetail: Detail {
        let earlier = Timestamp(seconds: 1_795_509_000)
        return switch self {
        case .notification:
            .notification(NotificationDetail(type: "invoice.sent", message: "42 invoices were sent.", payload: ["count": 42]))
        case .approval:
            .approval(
                ApprovalDetail(
                    id: "c0de", action: "Refund 3 invoices", actions: [["refund": "INV-1", "amount": 12]], createdAt: earlier))
        case .decision:
            .approval(
                ApprovalDetail(
                    id: "c0de", version: 2, state: .rejected, action: "Refund 3 invoices", createdAt: earlier, actor: "user_1",
                    decidedAt: Timestamp(seconds: 1_795_510_000), reason: "Too much"))
        case .reminder:
            .approval(ApprovalDetail(id: "c0de", action: "Refund 3 invoices", createdAt: earlier, step: 1, overdue: true))
        case .run:
            .run(RunDetail(outcome: .failed, error: "the ledger said no", failedStep: "post", milliseconds: 12_340))
        case .digest:
            .digest(
                DigestDetail(
                    name: "morning", from: earlier, until: Timestamp(seconds: 1_795_510_800), headline: "1 event",
                    events: [
                        DigestDetail.Item(
                            id: "live/notification/1", kind: .notification, priority: .low, automation: "Invoice sync",
                            message: "sent", occurredAt: earlier, runID: "77aa")
                    ]))
        case .absence:
            .absence(
                AbsenceDetail(
                    expected: .start, due: earlier + .seconds(600), countedFrom: earlier, lastSeen: earlier - .seconds(86_400), inARow: 2))
        case .relay: .relay(RelayDetail(topic: "closed", about: "ops", detail: "answered 410: it is gone"))
        }
    }
}

/// Responds to mails from a script and remembers them.
final class ScriptedMail: MailTransport {
    private let answer: @Sendable (MailRequest) -> Result<MailResponse, TransportError>
    private let result: Result<MailResponse, TransportError>
    private let handedIn = Locked<[MailRequest]>([])

    init(_ result: Result<MailResponse, TransportError> = .success(MailResponse(stage: .accepted, code: 250, text: "queued as 38D1"))) {
        self.result = result
        answer = { _ in result }
    }

    /// Answers each mail by what it holds.
    init(answer: @escaping @Sendable (MailRequest) -> MailResponse) {
        result = .success(MailResponse(stage: .accepted, code: 250))
        self.answer = { .success(answer($0)) }
    }

    var mails: [MailRequest] { handedIn.withLock { $0 } }

    func send(_ mail: MailRequest) async throws(TransportError) -> MailResponse {
        handedIn.withLock { $0.append(mail) }
        return try answer(mail).get()
    }

    func ask(_ server: MailServer, from: String, to: String) async throws(TransportError) -> MailResponse { try result.get() }
}

func tools(
    http: any HTTPTransport = ScriptedTransport(status: 200, body: "ok"), mail: any MailTransport = ScriptedMail(),
    write: @escaping @Sendable (String) -> Bool = { _ in true }
) -> ChannelTools {
    ChannelTools(http: http, mail: mail, clock: ManualClock(), write: write, version: "1.0")
}

/// A mapping as read from the configuration file, with its values taken from `${…}`.
func node(_ values: [String: Value], isInterpolated: Bool = true) -> ConfigNode {
    let place = Place(file: "relay.yaml", line: 1, column: 1)
    return ConfigNode(
        .mapping(
            values.sorted { $0.key < $1.key }.map { key, value in
                ConfigNode.Entry(key: key, keyPlace: place, value: value.node(at: place, isInterpolated))
            }), at: place)
}

enum Value: Sendable, ExpressibleByStringLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, CustomStringConvertible {
    case text(String)
    case list([Value])
    case mapping([String: Value])

    /// The value as in a file, so that it is short in the output of tests.
    var description: String {
        switch self {
        case .text(let text): "\"\(text)\""
        case .list(let items): "\(items)"
        case .mapping(let members): "\(members)"
        }
    }

    init(stringLiteral value: String) { self = .text(value) }
    init(arrayLiteral elements: Value...) { self = .list(elements) }
    init(dictionaryLiteral elements: (String, Value)...) { self = .mapping(Dictionary(uniqueKeysWithValues: elements)) }

    func node(at place: Place, _ isInterpolated: Bool) -> ConfigNode {
        switch self {
        case .text(let text): ConfigNode(.scalar(.init(text: text, isPlain: false, isInterpolated: isInterpolated)), at: place)
        case .list(let items): ConfigNode(.sequence(items.map { $0.node(at: place, isInterpolated) }), at: place)
        case .mapping(let values): ChannelsTests.node(values, isInterpolated: isInterpolated)
        }
    }
}

/// The result of reading a destination: the plan and the problems noted.
struct Reading {
    var plan: ChannelPlan?
    var problems: [Problem]
    var errors: [Problem] { problems.filter { !$0.isWarning } }

    init(
        _ type: String, _ values: [String: Value], allowPlain: Bool = false, folder: String = "/nowhere",
        isInterpolated: Bool = true
    ) throws {
        let list = ProblemList()
        let section = try #require(
            ConfigSection(node(values, isInterpolated: isInterpolated), path: "destinations.ops", problems: list))
        let basics = DestinationBasics(name: "ops", folder: folder, allowPlain: allowPlain)
        plan = try #require(Catalogue.type(named: type)).read(section, basics)
        section.finish()
        problems = list.all
    }
}

/// A valid configuration of each type, with the secrets that no output may hold.
let configurations: [(type: String, values: [String: Value], secrets: [String])] = [
    ("slack", ["url": "https://hooks.slack.com/services/T0/B0/hush-hush"], ["hush-hush"]),
    ("discord", ["url": "https://discord.com/api/webhooks/123/hush-hush", "thread": "456"], ["hush-hush"]),
    ("telegram", ["token": "110201543:hush-hush", "chat": "-1001234567890", "topic": "7"], ["hush-hush"]),
    ("mattermost", ["url": "https://chat.example.com/team/hooks/hush-hush"], ["hush-hush"]),
    (
        "teams",
        [
            "url":
                "https://e.c3.environment.api.powerplatform.com/powerautomate/automations/direct/workflows/1/invoke?api-version=1&sig=hush-hush"
        ], ["hush-hush"]
    ),
    ("google_chat", ["url": "https://chat.googleapis.com/v1/spaces/A/messages?key=sesame&token=hush-hush%3D"], ["hush-hush", "sesame"]),
    ("rocketchat", ["url": "https://chat.example.com/rc/hooks/65a/hush-hush"], ["hush-hush"]),
    (
        "pushover", ["token": "azGDORePK8gMaC0QOYAMyEEuzJnyUi", "user": "uQiRzpo4DXghDmr9QzzfQu27cmVRsG"],
        ["azGDORePK8gMaC0QOYAMyEEuzJnyUi", "uQiRzpo4DXghDmr9QzzfQu27cmVRsG"]
    ),
    ("pagerduty", ["routing_key": "0123456789abcdef0123456789abcdef"], ["0123456789abcdef0123456789abcdef"]),
    ("matrix", ["server": "https://matrix.example.com", "token": "syt_hush-hush", "room": "!abc:example.com"], ["hush-hush"]),
    (
        "zulip",
        [
            "server": "https://org.zulipchat.com", "email": "relay-bot@org.zulipchat.com", "api_key": "hush-hush", "stream": "alerts",
            "topic": "RevKeen",
        ], ["hush-hush"]
    ),
    ("ntfy", ["server": "https://ntfy.sh", "topic": "alerts-7f3k", "token": "tk_hush-hush"], ["hush-hush"]),
    ("gotify", ["server": "https://push.example.com/gotify", "token": "hush-hush"], ["hush-hush"]),
    (
        "webhook",
        [
            "url": "https://hooks.example.com/in/hush-hush", "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "old_secret": "an older key of theirs, kept quiet", "headers": ["Authorization": "Bearer sesame"],
        ], ["hush-hush", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "an older key", "sesame"]
    ),
    (
        "email",
        [
            "server": "smtps://smtp.example.com:465", "username": "relay", "password": "sesame",
            "from": "RevKeen relay <relay@example.com>", "to": ["ops@example.com"],
        ], ["sesame"]
    ),
    ("console", [:], []),
    ("file", ["folder": "inbox"], []),
]

/// The response of each service when it accepts a message.
let accepted: [String: (status: Int, body: String)] = [
    "slack": (200, "ok"), "discord": (200, #"{"id": "1430000000000000007", "channel_id": "77"}"#),
    "telegram": (200, #"{"ok": true, "result": {"message_id": 7, "chat": {"id": -1001234567890}}}"#), "webhook": (204, ""),
    "pushover": (200, #"{"status": 1, "request": "r", "receipt": "abc"}"#),
    "pagerduty": (202, #"{"status": "success", "dedup_key": "k"}"#),
    "mattermost": (200, "ok"), "teams": (202, ""), "rocketchat": (200, #"{"success":true}"#),
    "google_chat": (200, #"{"name": "spaces/A/messages/B", "thread": {"name": "spaces/A/threads/C"}}"#),
    "matrix": (200, #"{"event_id": "$first:example.com"}"#), "zulip": (200, #"{"result": "success", "msg": "", "id": 42}"#),
    "ntfy": (200, #"{"id": "sPs71M8A2T", "event": "message", "topic": "alerts-7f3k"}"#),
    "gotify": (200, #"{"id": 25, "appid": 5, "message": "hello"}"#),
]

func channel(
    _ type: String, _ values: [String: Value], tools: ChannelTools = tools(), allowPlain: Bool = false, folder: String = "/nowhere"
) throws -> any Channel {
    try #require(try Reading(type, values, allowPlain: allowPlain, folder: folder).plan).make(tools)
}

/// A valid destination of the type, over the given transport.
func channel(_ type: String, over http: any HTTPTransport) throws -> any Channel {
    try channel(type, try #require(configurations.first { $0.type == type }).values, tools: tools(http: http))
}

/// The error for a response to one message; nil if the message counts as delivered.
func verdict(_ type: String, _ status: Int, _ body: String, _ headers: [(name: String, value: String)] = []) async throws -> DeliveryError?
{
    let channel = try channel(
        type, over: ScriptedTransport(status: status, headers: headers.map { ($0.name.lowercased(), $0.value) }, body: body))
    do throws(DeliveryError) {
        _ = try await channel.deliver(.of())
        return nil
    } catch {
        return error
    }
}

/// The payload that a type would send for a message.
func payload(_ type: String, _ message: Message) throws -> JSONValue {
    let channel = try channel(type, over: ScriptedTransport(status: 200))
    return try JSONValue(parsing: Array(channel.preview(message).utf8))
}
