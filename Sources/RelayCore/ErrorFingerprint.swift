/// An error's text without what differs from one time to the next, so that errors of one kind are counted as one.
///
/// Masked are numbers, hexadecimal and dashed ids, times, and addresses of the web, of mail and of machines; what is quoted stays. Only
/// the first 400 characters count: what follows is mostly a trace.
package enum ErrorFingerprint {
    private static let most = 400

    package static func mask(_ error: String) -> String {
        var masked: [String] = []
        for word in error.unicodeScalars.prefix(most).split(whereSeparator: \.properties.isWhitespace) {
            let text = mask(word: String(String.UnicodeScalarView(word)))
            // A time in several words is one time: `2026-11-24 09:00:00 +0000`.
            if text == number, masked.last == number { continue }
            masked.append(text)
        }
        return masked.joined(separator: " ")
    }

    private static let number = "#", address = "<address>"

    /// A word may hold several parts: `(id=42,host=10.0.0.1:443)`.
    private static func mask(word: String) -> String {
        if isAddress(word) { return address }
        var out = "", part = ""
        for character in word {
            if character.isLetter || character.isNumber || ("-._+".contains(character) && !part.isEmpty) {
                part.append(character)
            } else {
                out += mask(part: part)
                out.append(character)
                part = ""
            }
        }
        return out + mask(part: part)
    }

    /// `https://…`, `name@host`.
    private static func isAddress(_ word: String) -> Bool {
        if word.contains("://") { return true }
        let halves = word.split(separator: "@", omittingEmptySubsequences: false)
        return halves.count == 2 && !halves[0].isEmpty && halves[1].contains(".")
    }

    private static func mask(part: String) -> String {
        var core = Substring(part), tail = ""
        while let last = core.last, "-._+".contains(last) {
            tail = String(last) + tail
            core = core.dropLast()
        }
        return (isVarying(core) ? number : String(core)) + tail
    }

    /// A number with its unit or its sign, an id, a time. A word with up to three digits in it, such as `utf8` or `x509`, is a word.
    private static func isVarying(_ part: Substring) -> Bool {
        let digits = part.count { $0.isNumber }
        guard digits > 0 else { return false }
        if part.first?.isNumber == true { return true }
        let isHexadecimal = part.allSatisfy { $0.isHexDigit || $0 == "-" }
        return isHexadecimal && part.count >= 6 || digits >= 4
    }
}
