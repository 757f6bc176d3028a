import Channels
import Dedup
import RelayCore
import Rendering

/// Turns what is owed into a message: the present facts, the words of a template, cut to what the destination takes.
struct Composer: Sendable {
    let templates: TemplateSet
    let links: LinkPatterns
    /// RevKeen's user ids and the names that `people:` gives them.
    let people: [String: String]
    let zoneName: String

    /// One destination, as far as words are concerned.
    struct Target: Sendable {
        var name: String
        var type: ChannelType
        var limit: Limit
        var zoneName: String?
    }

    /// - Returns: the message, and why the user's template was not used, if it failed.
    func message(
        _ claim: Claim, for target: Target, now: Timestamp, label: String? = nil
    ) -> (message: Message, fellBackBecause: String?) {
        let event = Self.presentEvent(claim.event, row: claim.present)
        let link = links.link(for: event)
        let request = TemplateSet.Request(
            kind: Self.template(for: event), priority: claim.priority, destination: target.name, type: target.type.name,
            hasFields: target.type.hasFields, dialect: target.type.dialect, html: target.type.htmlDialect)
        let fields = Fields(event: event, now: now, zoneName: target.zoneName ?? zoneName, links: links, people: people)
        let rendered = templates.render(fields, request)
        let ending = link.map(target.type.dialect.escape) ?? "notify-relay why \(event.id)"
        let message = Message(
            event: event,
            title: cut(rendered.title, to: target.type.titleLimit, dialect: target.type.dialect, ending: "…"),
            body: cut(rendered.body, to: target.limit, dialect: target.type.dialect, ending: "…\n\(ending)"),
            html: rendered.html, link: link, recipient: claim.recipient,
            idempotencyKey: idempotencyKey(event: event.id, destination: claim.destination, recipient: claim.recipient),
            subjectKey: idempotencyKey(event: event.subject, destination: claim.destination, recipient: ""),
            deliveryID: claim.delivery, mention: claim.options.mention, label: label)
        return (message, rendered.fellBackBecause)
    }

    /// A request that was decided before it could be told is told as decided.
    private static func template(for event: Event) -> Event.Kind {
        guard event.kind == .approval, case .approval(let detail) = event.payload.detail, detail.state != .open else { return event.kind }
        return .decision
    }

    /// An approval is told as it is now, not as it was when it was admitted.
    static func presentEvent(_ event: Event, row: ApprovalRow?) -> Event {
        guard let row, event.kind == .approval || event.kind == .decision else { return event }
        var present = event
        present.payload = row.payload
        return present
    }
}
