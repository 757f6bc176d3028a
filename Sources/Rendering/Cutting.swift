package import RelayCore

/// Cuts a text to a limit, in the limit's own unit, never inside an entity or a character, and appends `ending`.
///
/// A text within the limit is unchanged. An ending that exceeds the limit is cut too.
package func cut(_ text: String, to limit: Limit, dialect: Dialect, ending: String) -> String {
    if limit.size(of: text) <= limit.most { return text }
    let room = limit.most - limit.size(of: ending)
    guard room > 0 else { return prefix(ending, of: limit.most, limit, dialect) }
    return prefix(text, of: room, limit, dialect) + ending
}

private func prefix(_ text: String, of room: Int, _ limit: Limit, _ dialect: Dialect) -> String {
    var rest = Substring(text)
    var size = 0
    while !rest.isEmpty {
        let length = max(1, dialect.unit(rest))
        let end = rest.utf8.index(rest.startIndex, offsetBy: min(length, rest.utf8.count))
        let unit = rest[..<end]
        size += limit.size(of: unit)
        if size > room { break }
        rest = rest[end...]
    }
    return String(text[..<rest.startIndex])
}
