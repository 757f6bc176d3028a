/// The priority of an event, in ascending order.
/// Deliveries of a higher priority are sent first.
package enum Priority: Int, Sendable, Codable, CaseIterable, Comparable {
    case low, normal, high, urgent

    package var word: String {
        switch self {
        case .low: "low"
        case .normal: "normal"
        case .high: "high"
        case .urgent: "urgent"
        }
    }

    package init?(word: String) {
        guard let match = Self.allCases.first(where: { $0.word == word }) else { return nil }
        self = match
    }

    package static func < (a: Priority, b: Priority) -> Bool { a.rawValue < b.rawValue }
}
