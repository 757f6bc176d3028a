import RelayCore
import RelaySupport

extension Dialect {
    /// Builds a document with as much of the message's body as keeps the encoded document within `most` bytes.
    func fitting(_ message: Message, within most: Int, _ build: (String) -> JSONValue) -> JSONValue {
        let whole = build(message.cutBody(self, to: Limit(most, .bytes)))
        if whole.bytes.count <= most { return whole }
        var fits = 0, tooLong = min(most, message.body.utf8.count)
        while fits + 1 < tooLong {
            let middle = (fits + tooLong) / 2
            if build(message.cutBody(self, to: Limit(middle, .bytes))).bytes.count <= most { fits = middle } else { tooLong = middle }
        }
        return build(message.cutBody(self, to: Limit(fits, .bytes)))
    }

    /// Splits the text into pieces of at most `limit`. A piece ends after its last line break if that is in its second half. Otherwise a line
    /// is split, and the rest of it begins with the quote: only foreign text is that long. Blank pieces are left out.
    func pieces(of text: String, each limit: Limit) -> [String] {
        var pieces: [String] = []
        var rest = text[...], isRestOfLine = false
        while !rest.isEmpty {
            let prefix = isRestOfLine ? quote.prefix : ""
            var piece = start(of: rest, within: Limit(limit.most - limit.size(of: prefix), limit.unit))
            if piece.isEmpty { break }
            isRestOfLine = piece.endIndex < rest.endIndex && piece.utf8.last != 0x0A
            if isRestOfLine, let lineEnd = piece.utf8.lastIndex(of: 0x0A),
                piece.utf8.distance(from: piece.startIndex, to: lineEnd) > piece.utf8.count / 2
            {
                piece = piece[...lineEnd]
                isRestOfLine = false
            }
            rest = rest[piece.endIndex...]
            if !String(piece).trimmed.isEmpty { pieces.append(prefix + piece) }
        }
        return pieces
    }
}
