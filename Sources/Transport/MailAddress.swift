import RelayCore
import RelaySupport

/// A mailbox as a person writes it: `ops@example.com`, or `"RevKeen relay" <relay@example.com>`.
package struct MailAddress: Sendable, Hashable {
    package var name: String?
    /// The address as `local@domain`, ASCII only.
    package var address: String

    /// Nil unless the address is a simple one: no quotes, spaces, routes or line breaks, and within the lengths of RFC 5321 §4.5.3.1.
    package init?(parsing text: String) {
        guard !text.unicodeScalars.contains(where: { $0.value < 32 || $0.value == 127 || [0x85, 0x2028, 0x2029].contains($0.value) }) else {
            return nil
        }
        let trimmed = text.trimmed(" ")
        if trimmed.hasSuffix(">"), let open = trimmed.lastIndex(of: "<") {
            let name = trimmed[..<open].trimmed(" ").trimmed("\"")
            self.name = name.isEmpty ? nil : name
            address = String(trimmed[trimmed.index(after: open)...].dropLast())
        } else {
            name = nil
            address = trimmed
        }
        guard Self.isPlain(address), !(name?.contains(where: { "<>\"\\".contains($0) }) ?? false) else { return nil }
    }

    package var domain: String { address.split(separator: "@").last.map(String.init) ?? "" }

    private static func isPlain(_ address: String) -> Bool {
        let parts = address.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, (1...64).contains(parts[0].utf8.count), (1...255).contains(parts[1].utf8.count), address.utf8.count <= 254
        else { return false }
        // The local part is atext (RFC 5322 §3.2.3) with dots between.
        let local = parts[0].utf8.allSatisfy { $0.isAlphanumeric || "!#$%&'*+-/=?^_`{|}~.".utf8.contains($0) }
        let dots = !parts[0].hasPrefix(".") && !parts[0].hasSuffix(".") && !parts[0].contains("..")
        let labels = parts[1].split(separator: ".", omittingEmptySubsequences: false)
        let domain = labels.allSatisfy { label in
            !label.isEmpty && label.utf8.count <= 63 && !label.hasPrefix("-") && !label.hasSuffix("-")
                && label.utf8.allSatisfy { $0.isAlphanumeric || $0 == UInt8(ascii: "-") }
        }
        return local && dots && domain
    }
}

extension StringProtocol {
    fileprivate func trimmed(_ mark: Character) -> String {
        var part = Substring(self)
        while part.first == mark { part = part.dropFirst() }
        while part.last == mark { part = part.dropLast() }
        return String(part)
    }
}
