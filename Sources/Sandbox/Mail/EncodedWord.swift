/// Decodes encoded words in headers (RFC 2047).
enum EncodedWord {
    /// The header value as a mail reader shows it.
    /// What cannot be decoded stays as it is. White space between two encoded words is dropped.
    static func decode(_ value: String) -> String {
        var out = ""
        var rest = Substring(value)
        var previousWasWord = false
        // The buffer holds bytes, because a careless sender may split a character over two words.
        var bytes: [UInt8] = []
        while let start = rest.firstRange(ofText: "=?") {
            let before = rest[..<start]
            guard let word = Word(rest[start...]) else {
                out += flush(&bytes) + before + "=?"
                rest = rest[rest.index(start, offsetBy: 2)...]
                previousWasWord = false
                continue
            }
            if !(previousWasWord && before.allSatisfy { $0 == " " || $0 == "\t" }) { out += flush(&bytes) + before }
            if word.isUTF8 { bytes += word.bytes } else { out += flush(&bytes) + TransferEncoding.text(word.bytes, charset: word.charset) }
            rest = rest[word.end...]
            previousWasWord = true
        }
        return out + flush(&bytes) + rest
    }

    private static func flush(_ bytes: inout [UInt8]) -> String {
        defer { bytes = [] }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// One encoded word, `=?charset?B|Q?text?=`, at the beginning of a text.
    private struct Word {
        var charset: String
        var bytes: [UInt8]
        var end: String.Index

        init?(_ text: Substring) {
            let parts = text.dropFirst(2).split(separator: "?", maxSplits: 3, omittingEmptySubsequences: false)
            guard parts.count == 4, parts[3].hasPrefix("=") else { return nil }
            charset = parts[0].split(separator: "*").first.map(String.init) ?? ""
            switch parts[1].lowercased() {
            case "b": bytes = TransferEncoding.base64(parts[2].utf8)
            case "q": bytes = TransferEncoding.quotedPrintable(parts[2].utf8.map { $0 == UInt8(ascii: "_") ? 0x20 : $0 })
            default: return nil
            }
            end = text.index(after: parts[3].startIndex)
        }

        var isUTF8: Bool { ["utf-8", "us-ascii"].contains(charset.lowercased()) }
    }
}

extension Substring {
    fileprivate func firstRange(ofText mark: String) -> Index? {
        var at = startIndex
        while at < endIndex {
            if self[at...].hasPrefix(mark) { return at }
            at = index(after: at)
        }
        return nil
    }
}
