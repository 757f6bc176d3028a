import RelayCore
import RelaySupport

extension Dialect {
    /// The longest prefix of the text that fits the limit and does not end inside a unit of the dialect.
    ///
    /// If the first unit alone exceeds the limit (such as a letter with thousands of combining marks), it is cut between scalars.
    func start(of text: Substring, within limit: Limit) -> Substring {
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
        return end > text.startIndex ? text[..<end] : text.scalars(within: limit)
    }

    /// The whole text if it fits the limit; otherwise a prefix that ends with `…` and fits it.
    func cut(_ text: String, to limit: Limit) -> String {
        if limit.size(of: text) <= limit.most { return text }
        let room = limit.most - limit.size(of: "…")
        return room < 0 ? "" : start(of: text[...], within: Limit(room, limit.unit)) + "…"
    }

    /// Builds a document with as much of the text as keeps the encoded document within `most` bytes.
    func fitting(_ text: String, within most: Int, _ build: (String) -> JSONValue) -> JSONValue {
        let text = cut(text, to: Limit(most, .bytes))
        let whole = build(text)
        if whole.bytes.count <= most { return whole }
        var fits = 0, tooLong = text.utf8.count
        while fits + 1 < tooLong {
            let middle = (fits + tooLong) / 2
            if build(cut(text, to: Limit(middle, .bytes))).bytes.count <= most { fits = middle } else { tooLong = middle }
        }
        return build(cut(text, to: Limit(fits, .bytes)))
    }

    /// Splits the text into pieces of at most `limit`. A piece ends after its last line break if that is in its second half. Blank pieces
    /// are left out.
    func pieces(of text: String, each limit: Limit) -> [String] {
        var pieces: [String] = []
        var rest = text[...]
        while !rest.isEmpty {
            var piece = start(of: rest, within: limit)
            if piece.isEmpty { break }
            if piece.endIndex < rest.endIndex, let lineEnd = piece.utf8.lastIndex(of: 0x0A),
                piece.utf8.distance(from: piece.startIndex, to: lineEnd) > piece.utf8.count / 2
            {
                piece = piece[...lineEnd]
            }
            rest = rest[piece.endIndex...]
            if !String(piece).trimmed.isEmpty { pieces.append(String(piece)) }
        }
        return pieces
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
