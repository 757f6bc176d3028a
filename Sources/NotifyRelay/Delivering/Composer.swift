import Channels
import Dedup
import RelayCore
import Rendering

/// Renders a claimed delivery as a message: the present facts in the words of a template, cut to the destination's limits.
struct Composer: Sendable {
    let templates: TemplateSet
    let links: LinkPatterns
    /// The names from `people:`, by RevKeen's user id.
    let people: [String: String]
    let zoneName: String
    /// How an approval can be decided from a message; nil if it cannot.
    var ways: DecisionWays?

    /// The properties of a destination that affect the text.
    struct Target: Sendable {
        var name: String
        var type: ChannelType
        var limit: Limit
        var zoneName: String?
        /// How the destination sends us the press of a button; nil if it cannot.
        var callback: Callback?
        /// `Destination.room`.
        var room = ""
    }

    /// - Returns: the message, and why the user's template was not used, if it failed.
    func message(
        _ claim: Claim, for target: Target, now: Timestamp, label: String? = nil
    ) -> (message: Message, fellBackBecause: String?) {
        let event = Self.presentEvent(claim.event, row: claim.present).recovered(claim.recovery)
        let link = links.link(for: event)
        let request = TemplateSet.Request(
            kind: Self.template(for: event), priority: claim.priority, destination: target.name, type: target.type.name,
            hasFields: target.type.hasFields, dialect: target.type.dialect, html: target.type.htmlDialect)
        let asked = label == nil ? Self.asked(event, claim) : nil
        let decideLink = asked.flatMap { pageLink(approval: $0.id, account: $0.account, claim, at: target, now: now) }
        let fields = Fields(
            event: event, now: now, zoneName: target.zoneName ?? zoneName, links: links, people: people, decideLink: decideLink,
            alike: claim.collapsed,
            incomplete: asked.flatMap {
                Completeness(of: $0, shown: nil, at: target.type).note(hasPage: decideLink != nil)
            }, sample: label,
            decideWaiting: {
                label == nil ? pageLink(approval: $0.id, account: $0.account, claim, at: target, now: now) : nil
            })
        let rendered = templates.render(fields, request)
        let dialect = target.type.dialect
        let ending = link.map(dialect.link) ?? "notify-relay why \(event.id)"
        // A phone shows only the title, so it says by itself that nothing happened.
        let whole = (label == nil ? "" : dialect.escape("[sample]") + " ") + rendered.title
        let title = dialect.cut(whole, to: target.type.titleLimit)
        // A title that is cut stands whole on top of the body, so that no word is lost. A request says by itself what it does not show.
        let words = title == whole || asked != nil ? rendered.body : "\(rendered.title)\n\n\(rendered.body)"
        var body = dialect.cut(words, to: target.limit, ending: "…\n\(ending)")
        var buttons = asked.flatMap { ways?.buttons(for: $0, at: target, now: now) } ?? []
        var html = label.map { rendered.html(under: $0) } ?? rendered.html
        if let asked, let part = part(asked, rendered, title: title, body: body, at: target, hasPage: decideLink != nil) {
            buttons = []
            body = dialect.escape(part.note) + "\n\n" + part.body
            html = rendered.html(under: part.note)
        }
        var message = Message(
            event: event,
            title: title, body: body,
            html: html, link: link, links: links, decideLink: decideLink,
            buttons: buttons,
            callbackURL: asked.flatMap { _ in ways?.callbackURL(at: target) }, recipient: claim.recipient,
            idempotencyKey: idempotencyKey(
                event: Self.sending(claim, event), destination: claim.destination, recipient: claim.recipient),
            subjectKey: Self.subjectKey(event, at: claim.destination),
            deliveryID: claim.delivery, mention: claim.options.mention, label: label)
        message.isPlain = claim.isPlain
        return (message, rendered.fellBackBecause)
    }

    /// The HTML of an event as a mail shows it; nil if it has none.
    func mailHTML(_ event: Event, now: Timestamp) -> String? {
        let request = TemplateSet.Request(
            kind: event.kind, priority: event.priority, destination: "", type: Email.type.name, hasFields: Email.type.hasFields,
            dialect: Email.type.dialect, html: Email.type.htmlDialect)
        return templates.render(
            Fields(event: event, now: now, zoneName: zoneName, links: links, people: people, decideLink: nil), request
        ).html
    }

    /// Empty for events that are about nothing that another event is about.
    private static func subjectKey(_ event: Event, at destination: String) -> String {
        switch event.kind {
        case .notification, .digest: ""
        case .approval, .decision, .reminder, .run, .relay, .absence:
            idempotencyKey(event: event.subject, destination: destination, recipient: "")
        }
    }

    /// The sentence that says how much of a request the message shows, and the body that fits beside it; nil if it shows everything.
    private func part(
        _ asked: ApprovalRow, _ rendered: Rendered, title: String, body: String, at target: Target, hasPage: Bool
    ) -> (note: String, body: String)? {
        let dialect = target.type.dialect, limit = target.limit
        let note = { (body: String) -> String? in
            Completeness(of: asked, shown: rendered.facts(title: title, body: body), at: target.type).note(hasPage: hasPage)
        }
        guard let first = note(body) else { return nil }
        // The sentence takes room from the body, which may then show less than the sentence says. So it is written for what is left.
        let taken = limit.size(of: dialect.escape(first)) + 2 + Self.roomForNumbers
        let rest = dialect.cut(body, to: Limit(max(0, limit.most - taken), limit.unit))
        return (note(rest) ?? first, rest)
    }

    /// The sentence is at most so much longer for other numbers.
    private static let roomForNumbers = 10

    private func pageLink(approval: String, account: String, _ claim: Claim, at target: Target, now: Timestamp) -> String? {
        ways?.link(toApproval: approval, account: account, at: target, recipient: claim.recipient, now: now)
    }

    /// The approval that a message asks somebody to decide; nil for all other messages.
    private static func asked(_ event: Event, _ claim: Claim) -> ApprovalRow? {
        guard event.kind == .approval || event.kind == .reminder, let row = claim.present, row.isOpen else { return nil }
        return row
    }

    /// The id from which the idempotency key is made. A refresh has another id than its event, because it is not a repeat of the message.
    private static func sending(_ claim: Claim, _ event: Event) -> String {
        guard claim.options.refreshes else { return event.id }
        let shown = [
            claim.collapsed.map(String.init), claim.recovery.map { "recovered \($0.at.milliseconds)" },
            claim.present.map { String($0.updatedAt.milliseconds) },
        ]
        return ([event.id] + shown.compactMap(\.self)).joined(separator: "#")
    }

    /// The kind of the template. A request that was decided before it was sent is rendered as a decision, and a reminder of an absence as one.
    private static func template(for event: Event) -> Event.Kind {
        if case .absence = event.payload.detail { return .absence }
        guard event.kind == .approval, case .approval(let detail) = event.payload.detail, detail.state != .open else { return event.kind }
        return .decision
    }

    /// The event with the approval as it is now, not as it was when the event was admitted.
    static func presentEvent(_ event: Event, row: ApprovalRow?) -> Event {
        guard let row, event.kind == .approval || event.kind == .decision || event.kind == .reminder else { return event }
        var present = event
        present.payload = row.payload
        // The step of a reminder comes from its own event, not from the row.
        if event.kind == .reminder, case .approval(let own) = event.payload.detail, case .approval(var detail) = row.payload.detail {
            detail.step = own.step
            detail.overdue = own.overdue
            present.payload.detail = .approval(detail)
        }
        return present
    }
}

extension Event {
    /// The event of a failed run, which says that its automation recovered since.
    fileprivate func recovered(_ recovery: RunDetail.Recovery?) -> Event {
        guard let recovery, case .run(var detail) = payload.detail else { return self }
        detail.recovery = recovery
        var event = self
        event.payload.detail = .run(detail)
        return event
    }
}
