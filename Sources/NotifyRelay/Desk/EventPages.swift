import Dedup
import Pages
import Policy
import RelayCore
import RelaySupport

/// What somebody searches for among events.
struct EventSearch: Sendable {
    var filter: EventFilter
    /// The end of the day up to which events were seen, in UTC.
    var until: Timestamp?
    /// The day as it was given.
    var day = ""
    /// What of it cannot be searched for, and what is expected; nil if all can.
    var fault: String?

    /// - Parameter query: the fields of the page's form. What is empty fits every event.
    init(_ query: [String: String]) {
        let word = { (name: String) in query[name].flatMap { $0.isEmpty ? nil : String($0.prefix(200)) } }
        filter = EventFilter(
            kind: word("kind").flatMap(Event.Kind.init), automation: word("automation"), state: word("state"), text: word("text"))
        day = word("until") ?? ""
        until = word("until").flatMap { Timestamp(text: "\($0)T23:59:59Z") }
        if let kind = word("kind"), filter.kind == nil {
            fault = "There is no kind “\(kind)”; expected \(Event.Kind.allCases.map(\.rawValue).joined(separator: ", "))."
        } else if !day.isEmpty, until == nil {
            fault = "“\(day)” is no day; expected one such as 2026-11-28."
        }
    }
}

/// The search for events.
struct EventListPage: Sendable {
    let list: Page<Event>
    let search: EventSearch
    /// Why nothing was searched; nil if it was.
    var fault: String?
    let parts: DeskParts

    var page: DeskPage {
        let rows = list.items.map { event -> Markup in
            let tone: DeskParts.Tone = event.priority >= .high ? .bad : .plain
            let name: Markup? = event.payload.origin.automation.map { "\($0) · " }
            return """
                <p><a href="\(event.deskPath)">\(event.oneLine)</a></p>
                <p class="small">\(DeskParts.tag(event.kind.rawValue)) \(DeskParts.tag(event.priority.word, tone)) \(name)\(parts.ago(event.occurredAt))</p>
                """
        }
        return DeskPage(
            title: "Events", said: fault.map { DeskParts.said("\($0)", isGood: false) },
            content: "<h1>Events</h1>\(form)\(DeskParts.section("Events", id: "list", empty: empty, rows, after: more))", place: .events,
            isLive: search.filter.isEmpty && search.day.isEmpty && fault == nil)
    }

    private var filter: EventFilter { search.filter }

    private var empty: String {
        list.searchedTo == nil ? "Nothing fits." : "Nothing fits back to \(list.searchedTo.map(parts.written) ?? "")."
    }

    private var form: Markup {
        let kinds = Event.Kind.allCases.map { kind -> Markup in
            let chosen: Markup? = kind == filter.kind ? " selected" : nil
            return "<option\(chosen)>\(kind.rawValue)</option>"
        }
        return """
            <form class="filters" method="get" action="/events">
            <div><label for="kind">Kind</label><select id="kind" name="kind"><option value="">all</option>\(kinds)</select></div>
            <div><label for="automation">Automation</label><input type="text" id="automation" name="automation" value="\(filter.automation ?? "")"></div>
            <div><label for="state">State or outcome</label><input type="text" id="state" name="state" value="\(filter.state ?? "")"></div>
            <div><label for="text">Text</label><input type="text" id="text" name="text" value="\(filter.text ?? "")"></div>
            <div><label for="until">Until</label><input type="date" id="until" name="until" value="\(search.day)"></div>
            <div><button>Search</button></div></form>
            """
    }

    /// The next part of the list, with the same filter.
    private var more: Markup? {
        guard let next = list.next else { return nil }
        let fields = [("kind", filter.kind?.rawValue), ("automation", filter.automation), ("state", filter.state), ("text", filter.text)]
        let query = fields.compactMap { name, value in value.map { "\(name)=\($0.percentEncoded)&" } }.joined() + "before=\(next)"
        let words = list.searchedTo.map { "Searched back to \(parts.written($0)); search on" } ?? "Earlier ones"
        return "<p><a href=\"/events?\(query)\">\(words)</a></p>"
    }
}

/// One event: everything that `why` says.
struct EventPage: Sendable {
    let story: EventStory
    let parts: DeskParts

    var page: DeskPage {
        let event = story.event
        let about: Markup? = automation.map { "<a href=\"\($0)\">\(event.payload.origin.automation ?? "automation")</a> · " }
        let approval: Markup? = event.deskPath == DeskPath.event(event.id) ? nil : "<p><a href=\"\(event.deskPath)\">The approval</a></p>"
        return DeskPage(
            title: event.oneLine,
            content: """
                <h1>\(event.oneLine)</h1><p class="small">\(about)\(event.kind.rawValue) · \(event.priority.word) · \(parts.ago(event.occurredAt))</p>
                \(approval)\(deliveries)
                <section aria-labelledby="why"><h2 id="why">Why</h2><pre>\(story.text)</pre></section>
                """, place: .events, isLive: true)
    }

    private var automation: String? {
        let origin = story.event.payload.origin
        return story.event.account.flatMap { account in origin.automationID.map { DeskPath.automation(account, $0) } }
    }

    private var deliveries: Markup {
        let rows = story.history.deliveries.map { delivery -> [Markup] in
            let tone: DeskParts.Tone = delivery.state == .delivered ? .good : delivery.state == .dead ? .bad : .plain
            return [
                "<a href=\"\(DeskPath.destination(delivery.destination))\">\(delivery.destination)</a> \(delivery.recipient)",
                DeskParts.tag(delivery.state.rawValue, tone), "\(delivery.attempts.count)", "\(delivery.reason ?? "")",
                delivery.settledAt.map { parts.ago($0) } ?? "due \(parts.ago(delivery.dueAt))",
            ]
        }
        let table =
            rows.isEmpty
            ? "<p class=\"empty\">No destination gets it singly.</p>"
            : DeskParts.table("Deliveries", ["destination", "state", "attempts", "reason", "when"], rows)
        return "<section aria-labelledby=\"deliveries\"><h2 id=\"deliveries\">Deliveries</h2>\(table)</section>"
    }
}
