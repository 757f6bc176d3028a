import Foundation

/// A pattern of names: `*` matches any number of characters, `?` matches one. Upper and lower case are the same, and
/// so are the two ways in which Unicode writes a letter with an accent.
package struct Glob: Sendable, Equatable {
    package let pattern: String

    package init(pattern: String) { self.pattern = pattern }

    package func matches(_ name: String) -> Bool {
        let pattern = Self.scalars(pattern), name = Self.scalars(name)
        var p = 0, n = 0
        var star: (p: Int, n: Int)?
        while n < name.count {
            if p < pattern.count, pattern[p] == "*" {
                star = (p, n)
                p += 1
            } else if p < pattern.count, pattern[p] == "?" || pattern[p] == name[n] {
                p += 1
                n += 1
            } else if let last = star {
                // The star matches one character more, and the rest is tried again.
                star = (last.p, last.n + 1)
                (p, n) = (last.p + 1, last.n + 1)
            } else {
                return false
            }
        }
        return pattern[p...].allSatisfy { $0 == "*" }
    }

    private static func scalars(_ text: String) -> [Unicode.Scalar] {
        let isASCII = text.utf8.allSatisfy { $0 < 0x80 }
        let lower = text.lowercased()
        return Array((isASCII ? lower : lower.precomposedStringWithCanonicalMapping).unicodeScalars)
    }
}
