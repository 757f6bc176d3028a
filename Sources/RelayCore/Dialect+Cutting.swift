extension Dialect {
    /// The whole text if it fits the limit; otherwise a prefix that ends with `ending` and fits it.
    ///
    /// The text is cut in the limit's own unit and never inside a unit of the dialect. An ending that exceeds the limit is cut too.
    package func cut(_ text: String, to limit: Limit, ending: String = "…") -> String {
        // No unit of a limit is smaller than a byte.
        if text.utf8.count <= limit.most || limit.size(of: text) <= limit.most { return text }
        let room = limit.most - limit.size(of: ending)
        guard room > 0 else { return String(wholeUnits(of: ending[...], within: limit)) }
        return wholeUnits(of: text[...], within: Limit(room, limit.unit)) + ending
    }

    /// Like `wholeUnits`, but never empty while there is room for a scalar: if the first unit alone exceeds the limit (such as a letter with
    /// thousands of combining marks), it is cut between scalars.
    package func start(of text: Substring, within limit: Limit) -> Substring {
        let whole = wholeUnits(of: text, within: limit)
        return whole.isEmpty ? text.scalars(within: limit) : whole
    }

    /// The longest prefix of the text that fits the limit and does not end inside a unit of the dialect.
    private func wholeUnits(of text: Substring, within limit: Limit) -> Substring {
        var end = text.startIndex
        var room = limit.most
        while end < text.endIndex {
            let length = max(1, unit(text[end...]))
            let next = text.utf8.index(end, offsetBy: length, limitedBy: text.endIndex) ?? text.endIndex
            let size = limit.size(of: text[end..<next])
            guard size <= room else { break }
            room -= size
            end = next
        }
        return text[..<end]
    }
}

extension Substring {
    fileprivate func scalars(within limit: Limit) -> Substring {
        var end = startIndex
        while end < endIndex {
            let next = unicodeScalars.index(after: end)
            guard limit.size(of: self[startIndex..<next]) <= limit.most else { break }
            end = next
        }
        return self[..<end]
    }
}
