import Foundation
import Testing

/// `docs/glossary.md` says each word once, and every type that it names exists.
struct GlossaryPageTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../..").standardized

    /// The rows of the table: word, meaning, types.
    private static func rows() throws -> [[String]] {
        let page = try String(contentsOf: root.appendingPathComponent("docs/glossary.md"), encoding: .utf8)
        return page.split(separator: "\n").filter { $0.hasPrefix("| ") }.dropFirst()
            .map { $0.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) } }
    }

    /// The names of all types in `Sources` and `templates`.
    private static func declaredTypes() throws -> Set<String> {
        let declaration = /\b(?:struct|enum|class|actor|protocol|typealias)\s+([A-Z][A-Za-z0-9]*)/
        var names = Set<String>()
        let files = try #require(
            FileManager.default.enumerator(at: root.appendingPathComponent("Sources"), includingPropertiesForKeys: nil))
        for case let file as URL in files where file.pathExtension == "swift" {
            for match in try String(contentsOf: file, encoding: .utf8).matches(of: declaration) { names.insert(String(match.1)) }
        }
        return names
    }

    @Test func `every type that it names exists`() throws {
        let declared = try Self.declaredTypes()
        let named = try Self.rows().flatMap { try #require($0.last).matches(of: /`([A-Za-z.]+)`/).flatMap { $0.1.split(separator: ".") } }
        #expect(named.count > 50)
        #expect(named.filter { !declared.contains(String($0)) } == [])
    }

    @Test func `each word stands there once`() throws {
        let words = try Self.rows().flatMap { $0[0].components(separatedBy: ", ") }
        #expect(words.count > 50)
        #expect(words.count == Set(words).count)
    }
}
