/// A mail as a mail reader shows it.
package struct MailMessage: Sendable {
    /// The headers in the order of the mail, with encoded words decoded.
    package var headers: [(name: String, value: String)]
    /// The first part of type `text/plain` that is no named attachment; nil if there is none.
    package var text: String?
    /// The first part of type `text/html` that is no named attachment; nil if there is none.
    /// The sender wrote it, so it is not trusted.
    package var html: String?
    /// The file names of all other parts, or their types if they have no name.
    package var attachments: [String] = []

    private static let mostDepth = 8
    private static let mostParts = 100

    package init(_ bytes: [UInt8]) {
        let parsed = MailHeaders(bytes)
        headers = parsed.fields.map { ($0.name, EncodedWord.decode($0.value)) }
        var left = Self.mostParts
        read(parsed, Array(bytes[parsed.bodyStart...]), depth: 0, left: &left)
    }

    package var subject: String { header("subject") ?? "" }
    package var from: String { header("from") ?? "" }

    /// The first value of a header, decoded; nil if there is none.
    ///
    /// - Parameter name: in lower case.
    package func header(_ name: String) -> String? { headers.first { $0.name.lowercased() == name }?.value }

    private mutating func read(_ headers: MailHeaders, _ body: [UInt8], depth: Int, left: inout Int) {
        guard left > 0 else { return }
        left -= 1
        let type = headers.mediaType
        if type.hasPrefix("multipart/"), depth < Self.mostDepth, let boundary = headers.parameter("boundary") {
            for part in Self.parts(of: body, boundary: boundary) {
                let inner = MailHeaders(part)
                read(inner, Array(part[inner.bodyStart...]), depth: depth + 1, left: &left)
            }
            return
        }
        let name = headers.parameter("filename", of: "content-disposition")
        let decoded = TransferEncoding.decode(body, as: headers.value("content-transfer-encoding")?.trimmingSpace)
        let words = TransferEncoding.text(decoded, charset: headers.parameter("charset"))
        switch type {
        case "text/plain" where text == nil && name == nil: text = words
        case "text/html" where html == nil && name == nil: html = words
        default: attachments.append(name ?? type)
        }
    }

    /// The parts between the lines `--boundary` (RFC 2046 §5.1.1), without the line end before each of those lines.
    private static func parts(of body: [UInt8], boundary: String) -> [[UInt8]] {
        let mark = Array("--\(boundary)".utf8)
        var parts: [[UInt8]] = []
        var current: [UInt8]?
        for line in lines(of: body) {
            guard line.starts(with: mark) else {
                current?.append(contentsOf: line)
                continue
            }
            if let part = current { parts.append(withoutLineEnd(part)) }
            let isLast = line.dropFirst(mark.count).starts(with: Array("--".utf8))
            current = isLast ? nil : []
            if isLast { break }
        }
        if let part = current { parts.append(part) }
        return parts
    }

    /// The lines, each with its line end.
    private static func lines(of bytes: [UInt8]) -> [ArraySlice<UInt8>] {
        var lines: [ArraySlice<UInt8>] = []
        var at = 0
        while at < bytes.count {
            let end = bytes[at...].firstIndex(of: 0x0A).map { $0 + 1 } ?? bytes.count
            lines.append(bytes[at..<end])
            at = end
        }
        return lines
    }

    private static func withoutLineEnd(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        if bytes.last == 0x0A { bytes.removeLast() }
        if bytes.last == 0x0D { bytes.removeLast() }
        return bytes
    }
}
