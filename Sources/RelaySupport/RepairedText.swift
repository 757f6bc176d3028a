extension String {
    /// The text in a form that is safe to store and show.
    /// It has no control characters except `\n` and `\t`, line ends are `\n`, and characters that invisibly reorder their neighbours are
    /// removed. It has at most `most` Unicode scalars; the rest is replaced by `…`.
    ///
    /// Bad UTF-8 has already become U+FFFD when the bytes became text.
    package func repaired(most: Int = 20_000) -> String {
        if utf8.count <= most, utf8.allSatisfy({ (0x20..<0x7F).contains($0) || $0 == 0x0A || $0 == 0x09 }) { return self }
        var out = String.UnicodeScalarView()
        var previousWasReturn = false
        var count = 0
        for scalar in unicodeScalars {
            if count >= most {
                out.append("…")
                break
            }
            defer { previousWasReturn = scalar == "\r" }
            if scalar == "\n" && previousWasReturn { continue }
            guard let kept = scalar.repaired else { continue }
            out.append(kept)
            count += 1
        }
        return String(out)
    }
}

extension String {
    /// The text without white space and control characters at its ends.
    package var trimmed: String {
        let kept = unicodeScalars.drop { $0.value <= 0x20 || $0.properties.isWhitespace }
        let end = kept.lastIndex { !($0.value <= 0x20 || $0.properties.isWhitespace) }
        return end.map { String(kept[...$0]) } ?? ""
    }

    /// The text as one line: repaired, line breaks and tabs as spaces, at most `most` Unicode scalars and an ellipsis.
    package func oneLine(most: Int) -> String {
        if isPlainLine(most: most) { return self }
        var scalars = String.UnicodeScalarView()
        for scalar in repaired(most: most).unicodeScalars { scalars.append(scalar == "\n" || scalar == "\t" ? " " : scalar) }
        return String(scalars).trimmed
    }
}

extension String {
    /// Whether the text is one line of printable ASCII already, without blanks at its ends.
    private func isPlainLine(most: Int) -> Bool {
        guard utf8.count <= most, utf8.first != 0x20, utf8.last != 0x20 else { return false }
        return utf8.allSatisfy { (0x20..<0x7F).contains($0) }
    }
}

extension Unicode.Scalar {
    fileprivate var repaired: Unicode.Scalar? {
        switch value {
        case 0x0A, 0x09: self
        case 0x0D, 0x85, 0x2028, 0x2029: "\n"
        case 0..<0x20, 0x7F..<0xA0: nil
        // Bidirectional overrides and isolates are removed: they make a text display differently from its content (Unicode TR 36 §2.5).
        case 0x202A...0x202E, 0x2066...0x2069: nil
        case 0xFEFF: nil
        // Noncharacters are no text (Unicode 23.7). The relay marks foreign text with one of them.
        case 0xFDD0...0xFDEF: nil
        default: self
        }
    }
}
