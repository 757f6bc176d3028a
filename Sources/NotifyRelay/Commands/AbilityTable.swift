import Channels
import RelayCore
import RelaySupport

/// The abilities of each type of destination, for `channels` and for docs/destinations.md.
enum AbilityTable {
    static let head = ["TYPE", "EDIT", "THREAD", "BUTTONS", "PRIORITY", "MENTION", "SILENT", "IDEMPOTENCY", "LIMIT"]

    static var rows: [[String]] {
        entries.map { name, abilities in
            [
                name, mark(abilities.edit), mark(abilities.thread), mark(abilities.buttons), mark(abilities.nativePriority),
                mark(abilities.mention), mark(abilities.silent), abilities.idempotency ?? "-",
                "\(abilities.limit.most) \(abilities.limit.unit.rawValue)",
            ]
        }
    }

    static var json: JSONValue {
        .array(
            entries.map { name, abilities in
                [
                    "type": .string(name), "edit": .bool(abilities.edit), "thread": .bool(abilities.thread),
                    "buttons": .bool(abilities.buttons), "native_priority": .bool(abilities.nativePriority),
                    "idempotency": .text(abilities.idempotency), "silent": .bool(abilities.silent),
                    "limit": .int(abilities.limit.most), "unit": .string(abilities.limit.unit.rawValue),
                ]
            })
    }

    static var markdown: String {
        let lines = [head.map { $0.lowercased() }, head.map { _ in "---" }] + rows
        return lines.map { "| \($0.joined(separator: " | ")) |" }.joined(separator: "\n")
    }

    private static var entries: [(name: String, abilities: Abilities)] {
        Catalogue.types.flatMap { [($0.name, $0.abilities)] + $0.variants }
    }

    private static func mark(_ able: Bool) -> String { able ? "yes" : "-" }
}
