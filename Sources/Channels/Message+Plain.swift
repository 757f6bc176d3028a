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
    func plainText(_ dialect: Dialect, most: Limit, hasTitle: Bool = true) -> String {
        let title = hasTitle ? dialect.cut(shownTitle, to: Limit(250, most.unit)) : nil
        let facts = self.facts.map { dialect.escape("\($0.name): \($0.value)") }
        let links = self.links(within: Limit(min(2_000, most.most / 4), most.unit)).map { "\($0.label): \(dialect.link($0.url))" }
        let tail = dialect.cut(facts.joined(separator: "\n"), to: Limit(most.most / 4, most.unit))
        let end = ([tail] + links).filter { !$0.isEmpty }.joined(separator: "\n")
        let head = [sampleNote.map(dialect.escape), title].compactMap { $0 }.joined(separator: "\n")
        let taken = Limit(0, most.unit).size(of: head + end) + 2
        let text = dialect.cut(body, to: Limit(max(0, most.most - taken), most.unit))
        return [head, text, end].filter { !$0.isEmpty }.joined(separator: "\n")
    }
}
