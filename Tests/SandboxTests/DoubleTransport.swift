import Channels
import Pages
import RelayCore
import RelaySupport
import RelayTesting
import Testing
import Transport

@testable import Sandbox

/// Passes every request to an inbox, as a socket would.
struct DoubleTransport: HTTPTransport {
    let inbox: Inbox

    func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse {
        let url = request.url.reveal(), target = url.drop { $0 != ":" }.dropFirst(3).drop { $0 != "/" }
        let headers = request.headers.map { (name: $0.name, value: $0.value.reveal()) }
        let answer = await inbox.receive(WebRequest(request.method, String(target), headers: headers, body: request.body ?? []))
        if answer.dropsConnection { throw TransportError(.noAnswer, sent: true, "the connection ended") }
        return HTTPResponse(status: answer.status, headers: answer.headers.map { ($0.name.lowercased(), $0.value) }, body: answer.body)
    }
}

/// One double, with a destination that sends to it.
struct DoubleRig {
    let clock = ManualClock()
    let inbox: Inbox
    let channel: any Channel
    private let kind: InboxMessage.Kind

    /// Creates a destination for a double.
    ///
    /// - Parameter values: `url` and the other keys of the destination's type.
    init(_ type: String, _ values: [String: String]) throws {
        let place = Place(file: "relay.yaml", line: 1, column: 1), problems = ProblemList()
        let entries = values.map { key, value in
            ConfigNode.Entry(
                key: key, keyPlace: place,
                value: ConfigNode(.scalar(.init(text: value, isPlain: false, isInterpolated: true)), at: place))
        }
        let section = try #require(ConfigSection(ConfigNode(.mapping(entries), at: place), path: "destinations.ops", problems: problems))
        let known = try #require(Catalogue.type(named: type))
        let blueprint = try #require(known.read(section, DestinationBasics(name: "ops", folder: "/")), "\(problems.all)")
        kind = try #require(InboxMessage.Kind(rawValue: type))
        inbox = Inbox(clock: clock)
        channel = blueprint.make(
            ChannelTools(
                http: DoubleTransport(inbox: inbox), mail: NoMail(), clock: clock, write: { _ in true }, version: "1.0"))
    }

    /// The messages that the double has accepted, as it draws them.
    func cards() async -> [String] { await inbox.messages(kind: kind).map { ChatCard(message: $0).markup.html } }

    /// The verdict on a message that the double refused with too many requests.
    func verdictWhenBusy() async throws -> DeliveryError.Verdict? {
        await inbox.arrange { $0.every = 1 }
        for _ in 0..<3 {
            do throws(DeliveryError) {
                _ = try await channel.deliver(.sample(.notification))
            } catch {
                if case .throttled = error.verdict { return error.verdict }
            }
        }
        return nil
    }

    private struct NoMail: MailTransport {
        func send(_ mail: MailRequest) async throws(TransportError) -> MailResponse { throw TransportError(.unreachable, sent: false, "") }
        func ask(_ server: MailServer, from: String, to: String) async throws(TransportError) -> MailResponse {
            throw TransportError(.unreachable, sent: false, "")
        }
    }
}

extension Message {
    static func sample(_ kind: Event.Kind, title: String = "Refund batch 17", body: String = "Requested by Kim.") -> Message {
        let event = Event(
            id: "live/\(kind.rawValue)/1", account: "live", kind: kind, subject: "live/approval/1", priority: .high,
            occurredAt: Timestamp(seconds: 1_795_510_800), seenAt: Timestamp(seconds: 1_795_510_803),
            payload: Payload(
                origin: Origin(automation: "Refunds & co"),
                detail: .notification(NotificationDetail(type: "x", message: "y", payload: [:]))))
        return Message(
            event: event, title: title, body: body, link: "https://relay.example/r/1", idempotencyKey: "key of \(kind.rawValue)",
            subjectKey: "c0ffee", deliveryID: 1)
    }
}
