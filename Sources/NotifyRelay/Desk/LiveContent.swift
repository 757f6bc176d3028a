import Crypto
import RelayCore
import RelaySupport

/// The content of a page as it is sent to those who have it open. It is made once for many readers: only the marks of their forms differ.
struct LiveContent: Sendable {
    let version: String
    /// The data of the event, cut where a mark belongs.
    private let pieces: [String]

    /// - Parameter placeholder: the text that stands in the markup where the reader's own mark belongs.
    init(_ html: String, placeholder: String) {
        version = Self.version(of: html)
        pieces = JSONValue.string(html).bytes.pieces(around: Array(placeholder.utf8)).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The server-sent event for one reader. Its id comes back when the browser connects again, so that nothing is sent twice.
    func event(mark: String?) -> String { "id: \(version)\ndata: \(pieces.joined(separator: mark ?? ""))\n\n" }

    /// A short name of what a page shows. Two pages have the same if they differ only in how long ago things were, in when RevKeen was read, in
    /// what the reader typed and in the marks of forms.
    static func version(of html: String) -> String {
        hexadecimal(SHA256.hash(data: withoutWhatVaries(Array(html.utf8))).prefix(8))
    }

    /// What begins and ends a part that is no change. No value of a page can hold these, because its quotes are escaped.
    private static let varying = [
        ("class=\"age\">", "<"), ("class=\"typed\">", "<"), ("<time class=\"read\"", "</time>"), ("name=\"csrf\" value=\"", "\""),
    ].map { (start: Array($0.0.utf8), end: Array($0.1.utf8)) }

    private static func withoutWhatVaries(_ bytes: [UInt8]) -> [UInt8] {
        var kept: [UInt8] = []
        kept.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            if let part = varying.first(where: { $0.start[0] == byte && bytes[index...].starts(with: $0.start) }) {
                index = bytes.first(part.end, from: index + part.start.count) ?? bytes.count
            } else {
                kept.append(byte)
                index += 1
            }
        }
        return kept
    }
}

extension [UInt8] {
    /// The parts before, between and after each place where a pattern stands.
    fileprivate func pieces(around pattern: [UInt8]) -> [ArraySlice<UInt8>] {
        var pieces: [ArraySlice<UInt8>] = [], start = 0
        while let found = first(pattern, from: start) {
            pieces.append(self[start..<found])
            start = found + pattern.count
        }
        return pieces + [self[start...]]
    }

    /// Where a pattern stands first, from an index on; nil if it does not. An empty pattern stands nowhere.
    fileprivate func first(_ pattern: [UInt8], from index: Int) -> Int? {
        guard let head = pattern.first else { return nil }
        var index = index
        while let found = self[index...].firstIndex(of: head) {
            if self[found...].starts(with: pattern) { return found }
            index = found + 1
        }
        return nil
    }
}
