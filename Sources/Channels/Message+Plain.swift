import RelayCore
import RelaySupport

extension Message {
    /// The message in its plainest shape: title, text, facts, and the links with their words.
    ///
    /// A message is sent so after its destination refused the trimmings. It has no mention, and the shape that the caller gives it has no
    /// blocks, buttons, colours, attachments and threads.
    ///
    /// - Parameters:
    ///   - dialect: how the destination writes text. Title and body are escaped for it already.
    ///   - most: the limit of the whole text.
    ///   - hasTitle: false if the title has a place of its own.
    ///   - hasLinks: false if the caller writes the links.
    func plainText(_ dialect: Dialect, most: Limit, hasTitle: Bool = true, hasLinks: Bool = true) -> String {
        let title = hasTitle ? dialect.cut(shownTitle, to: Limit(250, most.unit)) : nil
        let facts = self.facts.map { dialect.escape("\($0.name): \($0.value)") }.joined(separator: "\n")
        let links = hasLinks ? self.links(within: Limit(min(2_000, most.most / 4), most.unit)) : []
        let tail = dialect.cut(facts, to: Limit(most.most / 4, most.unit))
        let end = ([tail] + links.map { "\($0.label): \(dialect.link($0.url))" }).filter { !$0.isEmpty }.joined(separator: "\n")
        let head = [sampleNote.map(dialect.escape), title].compactMap { $0 }.joined(separator: "\n")
        let room = max(0, most.most - Limit(0, most.unit).size(of: head + end) - 2)
        let isPart = tail != facts || hasTitle && title != shownTitle
        let text = cutBody(dialect, to: Limit(room, most.unit), isPart: isPart)
        return [head, text, end].filter { !$0.isEmpty }.joined(separator: "\n")
    }

    /// The body within a limit. A request that is cut says so first: nobody decides what they did not see.
    ///
    /// - Parameter isPart: something beside the body is cut.
    func cutBody(_ dialect: Dialect, to limit: Limit, isPart: Bool = false) -> String {
        let whole = dialect.cut(body, to: limit)
        guard isPart || whole != body, isOpenRequest else { return whole }
        let advice = decideLink == nil ? "read all of it in RevKeen before it is decided" : "open the page to read all"
        let note = dialect.escape("This does not show the whole request; \(advice).") + "\n\n"
        return note + dialect.cut(body, to: Limit(max(0, limit.most - limit.size(of: note)), limit.unit))
    }

    private var isOpenRequest: Bool {
        guard event.kind == .approval || event.kind == .reminder, case .approval(let detail) = event.payload.detail else { return false }
        return detail.state == .open
    }
}
