/// Masks the parts of an error's text that vary between occurrences, so that errors of one kind are counted together.
///
/// It masks numbers, hexadecimal and dashed ids, times, and web, mail and host addresses. Quoted words stay. Only the first 400 Unicode
/// scalars count, because the rest is mostly a stack trace.
///
/// A digest may call this 100,000 times. It works on Unicode scalars, because `Character` properties cost ten times as much.
package enum ErrorFingerprint {
    private typealias Scalars = ArraySlice<Unicode.Scalar>
    private static let most = 400

    package static func mask(_ error: String) -> String {
        var masked: [[UInt8]] = []
        for word in Array(error.unicodeScalars.prefix(most)).split(whereSeparator: { $0.sort == .space }) {
            let text = mask(word: word)
            // A time that spans several words is one time: `2026-11-24 09:00:00 +0000`.
            if text == number, masked.last == number { continue }
            masked.append(text)
        }
        return String(decoding: Array(masked.joined(separator: " ".utf8)), as: UTF8.self)
    }

    private static let number = Array("#".utf8), address = Array("<address>".utf8)

    /// Masks one word, which may have several parts: `(id=42,host=10.0.0.1:443)`.
    private static func mask(word: Scalars) -> [UInt8] {
        if isAddress(word) { return address }
        var out: [UInt8] = []
        out.reserveCapacity(word.count)
        var start = word.startIndex
        for place in word.indices {
            let sort = word[place].sort
            if sort == .letter || sort == .digit || sort == .joiner && place > start { continue }
            append(part: word[start..<place], to: &out)
            out.append(word[place])
            start = place + 1
        }
        append(part: word[start...], to: &out)
        return out
    }

    /// The word is an address such as `https://…` or `name@host`.
    private static func isAddress(_ word: Scalars) -> Bool {
        if word.indices.contains(where: { word[$0] == ":" && word[$0...].starts(with: "://".unicodeScalars) }) { return true }
        guard let at = word.firstIndex(of: "@"), at > word.startIndex else { return false }
        let host = word[(at + 1)...]
        return host.contains(".") && !host.contains("@")
    }

    /// Appends one part, masked if it varies.
    /// A joiner at the end, as in `7.`, is kept and does not belong to the part.
    private static func append(part: Scalars, to out: inout [UInt8]) {
        let end = (part.lastIndex { $0.sort != .joiner } ?? part.startIndex - 1) + 1
        let core = part[..<end]
        if isVarying(core) { out += number } else { core.forEach { out.append($0) } }
        part[end...].forEach { out.append($0) }
    }

    /// The part is a number (perhaps with a unit or a sign), an id or a time.
    /// A word with up to three digits, such as `utf8` or `x509`, does not vary.
    private static func isVarying(_ part: Scalars) -> Bool {
        guard let first = part.first else { return false }
        if first.sort == .digit { return true }
        let digits = part.count { $0.sort == .digit }
        return digits >= 4 || digits > 0 && part.count >= 6 && part.allSatisfy { $0 == "-" || $0.properties.isASCIIHexDigit }
    }
}

extension [UInt8] {
    fileprivate mutating func append(_ scalar: Unicode.Scalar) {
        if scalar.isASCII { append(UInt8(scalar.value)) } else { append(contentsOf: scalar.utf8) }
    }
}

extension Unicode.Scalar {
    fileprivate enum Sort { case space, digit, letter, joiner, other }

    /// The scalar's class within a word.
    /// ASCII is classified directly, because Unicode properties are slow.
    fileprivate var sort: Sort {
        switch self {
        case "a"..."z", "A"..."Z": .letter
        case "0"..."9": .digit
        case " ", "\t"..."\r": .space
        case "-", ".", "_", "+": .joiner
        case "\0"..."\u{7f}": .other
        default: sortOfOthers
        }
    }

    private var sortOfOthers: Sort {
        if properties.isWhitespace { return .space }
        return switch properties.generalCategory {
        case .decimalNumber, .letterNumber, .otherNumber: .digit
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .nonspacingMark, .spacingMark: .letter
        default: .other
        }
    }
}
