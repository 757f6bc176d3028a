extension String {
    /// A URL in which characters that no URL may hold are percent-encoded, as browsers do it with what a person types.
    /// The host, and text that is encoded already, stay as they are.
    /// Source: https://url.spec.whatwg.org/#percent-encoded-bytes (the path and query percent-encode sets)
    package var encodedAsBrowsersDo: String {
        guard let authority = self.range(of: "://"), utf8.contains(where: Self.isUnsafe) else { return self }
        let rest = self[authority.upperBound...]
        let path = rest.firstIndex { "/?#".contains($0) } ?? endIndex
        var out = Array(self[..<path].utf8)
        for byte in self[path...].utf8 {
            if Self.isUnsafe(byte) {
                out += Self.percent(byte)
            } else {
                out.append(byte)
            }
        }
        return String(decoding: out, as: UTF8.self)
    }

    private static func isUnsafe(_ byte: UInt8) -> Bool { byte == 0x20 || byte > 0x7E || "\"<>`{}|\\^".utf8.contains(byte) }

    private static func percent(_ byte: UInt8) -> [UInt8] {
        let digits = Array("0123456789ABCDEF".utf8)
        return [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }

    private func range(of mark: String) -> Range<Index>? { firstRange(of: mark) }
}
