import Dedup
import RelayCore
import RelaySupport

/// The events of a bundle, folded one at a time: similar events become one item, and resolved ones become one line.
struct BundleFold {
    private struct Key: Hashable {
        var kind: Event.Kind
        var automation: AutomationKey?
        var text: String
    }

    private struct Group {
        var item: DigestDetail.Item
        var count = 1
        var subjects: [String]
    }

    static let mostItems = 40
    /// Events of further groups are only counted.
    private static let mostGroups = 2_000

    private(set) var members = 0
    private(set) var priority = Priority.low
    private(set) var isStaging = false
    private var groups: [Key: Group] = [:]
    private var order: [Key] = []
    /// The subjects of the relay's troubles, and of absences, that have ended.
    private var over = Set<String>()
    private var fingerprints = FingerprintMemory()

    mutating func add(_ event: Event) {
        members += 1
        priority = max(priority, event.priority)
        if event.payload.origin.staging { isStaging = true }
        if case .relay(let detail) = event.payload.detail, detail.over { over.insert(event.subject) }
        if case .absence(let detail) = event.payload.detail, detail.state == .closed { over.insert(event.subject) }
        let key = Key(kind: event.kind, automation: AutomationKey(event), text: fingerprints.of(event.oneLine))
        if groups[key] != nil {
            groups[key]?.count += 1
            groups[key]?.item = DigestDetail.Item(event)
            if event.kind == .absence, groups[key]?.subjects.last != event.subject { groups[key]?.subjects.append(event.subject) }
            return
        }
        guard order.count < Self.mostGroups else { return }
        groups[key] = Group(item: DigestDetail.Item(event), subjects: [event.subject])
        order.append(key)
    }

    /// - Parameter isWell: whether an automation has recovered.
    /// - Parameter isOver: whether an absence has ended, by the id of its beginning.
    func detail(
        name: String, from: Timestamp, until: Timestamp, headline: String, isWell: (AutomationKey) throws -> Bool,
        isOver: (String) throws -> Bool
    ) rethrows -> DigestDetail {
        var detail = DigestDetail(name: name, from: from, until: until, headline: headline)
        var resolved: [String] = [], resolvedCount = 0, told = 0
        for key in order {
            guard let group = groups[key] else { continue }
            if try isResolved(group, key, isWell, isOver) {
                resolvedCount += group.count
                if let name = group.item.automation, !resolved.contains(name) { resolved.append(name) }
            } else if detail.events.count < Self.mostItems {
                var item = group.item
                if group.count > 1 { item.message += " (\(group.count) times)" }
                detail.events.append(item)
                told += group.count
            }
        }
        detail.resolved = Self.line(resolvedCount, resolved)
        detail.rest = members - told - resolvedCount
        return detail
    }

    /// True for failed runs whose automation has recovered, and for reports of the relay and absences that have ended.
    private func isResolved(_ group: Group, _ key: Key, _ isWell: (AutomationKey) throws -> Bool, _ isOver: (String) throws -> Bool)
        rethrows -> Bool
    {
        switch group.item.kind {
        case .run: group.item.message.hasPrefix("failed") ? try key.automation.map(isWell) ?? false : false
        case .relay: group.subjects.allSatisfy(over.contains)
        case .absence: try group.subjects.allSatisfy { try over.contains($0) || isOver($0) }
        case .notification, .approval, .decision, .reminder, .digest: false
        }
    }

    private static func line(_ count: Int, _ names: [String]) -> String? {
        guard count > 0 else { return nil }
        let listed = names.prefix(5).joined(separator: ", ") + (names.count > 5 ? " and \(names.count - 5) more" : "")
        return "\(DigestHeadline.counted(count, "event")) resolved meanwhile" + (listed.isEmpty ? "" : ": \(listed)")
    }
}
