import Foundation
import RelaySupport

/// The time zones that were used, because finding one by its name costs more than a message.
enum Zones {
    private static let known = Locked<[String: TimeZone]>(["UTC": .gmt])

    /// GMT if there is no zone of this name.
    static func zone(_ name: String) -> TimeZone {
        if let zone = known.withLock({ $0[name] }) { return zone }
        let zone = TimeZone(identifier: name) ?? .gmt
        known.withLock { $0[name] = zone }
        return zone
    }
}
