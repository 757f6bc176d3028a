import Foundation

/// Header values: encoded-words (RFC 2047), quoted names, folding. They are checked by bytes, because "\r\n" is one `Character` in Swift.
enum MIMEHeader {
    /// The most bytes in an encoded-word: its limit is 75 characters, and `=?UTF-8?B?` and `?=` leave 60 of base64, which is 45 bytes.
    private static let bytesPerWord = 45

    /// Encodes free text: plain ASCII stays as it is, other text becomes encoded-words that never split a character.
    ///
    /// - Parameter start: the length of the header's name on the line, in characters.
    static func text(_ value: String, startingAt start: Int) -> String {
        let clean = withoutControls(value)
        let isPlain = clean.utf8.allSatisfy { (32...126).contains($0) } && !clean.contains("=?") && !hasLongWord(clean)
        return isPlain ? clean : encodedWords(clean, start: start)
    }

    /// Keeps only printable ASCII without spaces and angle brackets.
    static func token(_ value: String) -> String {
        String(decoding: value.utf8.filter { (33...126).contains($0) && $0 != UInt8(ascii: "<") && $0 != UInt8(ascii: ">") }, as: UTF8.self)
    }

    static func mailbox(_ address: MailAddress) -> String {
        guard let name = address.name.map(withoutControls), !name.isEmpty else { return address.address }
        if name.utf8.allSatisfy({ (32...126).contains($0) }) && !name.contains("=?") {
            let quoted = name.replacingOccurrences(of: "\\", with: "\\\\").replacingOccurrences(of: "\"", with: "\\\"")
            return "\"\(quoted)\" <\(address.address)>"
        }
        return "\(encodedWords(name, start: 10)) <\(address.address)>"
    }

    /// Folds at spaces, so that lines stay within 78 characters where possible. A word is never split.
    static func fold(_ name: String, _ value: String) -> String {
        var lines: [String] = []
        var line = "\(name):"
        for word in value.split(separator: " ", omittingEmptySubsequences: true) {
            if line.utf8.count + 1 + word.utf8.count > 78, line != "\(name):" {
                lines.append(line)
                line = ""
            }
            line += " \(word)"
        }
        lines.append(line)
        return lines.joined(separator: "\r\n")
    }

    /// Replaces CR, LF, NUL and every other character that ends or hides a line by a space.
    private static func withoutControls(_ value: String) -> String {
        String(
            String.UnicodeScalarView(
                value.unicodeScalars.map { scalar in
                    scalar.value < 32 || (127...159).contains(scalar.value) || scalar.value == 0x2028 || scalar.value == 0x2029
                        ? " " : scalar
                }))
    }

    /// True if a word is too long to fold within the hard limit of a line (RFC 5322 §2.1.1).
    private static func hasLongWord(_ value: String) -> Bool {
        value.split(separator: " ").contains { $0.utf8.count > 900 }
    }

    private static func encodedWords(_ value: String, start: Int) -> String {
        var words: [String] = []
        var bytes: [UInt8] = []
        var budget = max(3, (75 - start - 12) / 4 * 3)
        for character in value.unicodeScalars {
            let next = Array(String(character).utf8)
            if bytes.count + next.count > min(budget, bytesPerWord) {
                words.append("=?UTF-8?B?\(Data(bytes).base64EncodedString())?=")
                bytes = []
                budget = bytesPerWord
            }
            bytes += next
        }
        if !bytes.isEmpty { words.append("=?UTF-8?B?\(Data(bytes).base64EncodedString())?=") }
        return words.joined(separator: " ")
    }
}
