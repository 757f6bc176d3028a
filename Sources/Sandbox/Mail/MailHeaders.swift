/// The header section of a mail or of one of its parts (RFC 5322 §2.2), unfolded.
struct MailHeaders: Sendable {
    /// The header fields in the order of the mail: names as written, values not decoded.
    private(set) var fields: [(name: String, value: String)] = []
    /// The index of the body's first byte.
    private(set) var bodyStart = 0

    init(_ bytes: some RandomAccessCollection<UInt8>) {
        let bytes = Array(bytes)
        var at = 0
        while at < bytes.count {
            let end = bytes[at...].firstIndex(of: 0x0A) ?? bytes.count
            var line = bytes[at..<end]
            if line.last == 0x0D { line = line.dropLast() }
            at = min(end + 1, bytes.count)
            if line.isEmpty { break }
            append(line)
        }
        bodyStart = at
    }

    private mutating func append(_ line: ArraySlice<UInt8>) {
        let text = String(decoding: line, as: UTF8.self)
        if line.first == 0x20 || line.first == 0x09 {
            if let last = fields.indices.last { fields[last].value += " " + text.trimmingSpace }
            return
        }
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { return }
        fields.append(
            (
                String(decoding: line[..<colon], as: UTF8.self).trimmingSpace,
                String(decoding: line[(colon + 1)...], as: UTF8.self).trimmingSpace
            ))
    }

    /// The first value of the header with this lower-case name, not decoded; nil if there is none.
    func value(_ name: String) -> String? { fields.first { $0.name.lowercased() == name }?.value }

    /// The media type in lower case, such as `text/html` for `text/html; charset=utf-8`.
    var mediaType: String {
        value("content-type").flatMap { $0.split(separator: ";").first.map { String($0).trimmingSpace.lowercased() } } ?? "text/plain"
    }

    /// A parameter of a structured header (RFC 2045 §5.1), by default of `Content-Type`, unquoted; nil if there is none.
    func parameter(_ name: String, of field: String = "content-type") -> String? {
        guard let value = value(field) else { return nil }
        for part in value.split(separator: ";").dropFirst() {
            let halves = part.split(separator: "=", maxSplits: 1).map { String($0).trimmingSpace }
            guard halves.count == 2, halves[0].lowercased() == name else { continue }
            return halves[1].hasPrefix("\"") ? String(halves[1].dropFirst().prefix { $0 != "\"" }) : halves[1]
        }
        return nil
    }
}

extension String {
    /// The text without spaces and tabs at both ends.
    var trimmingSpace: String {
        let scalars = unicodeScalars
        guard let first = scalars.firstIndex(where: { $0 != " " && $0 != "\t" }),
            let last = scalars.lastIndex(where: { $0 != " " && $0 != "\t" })
        else { return "" }
        return String(scalars[first...last])
    }
}
