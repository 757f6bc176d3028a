import Crypto
package import RelayCore
import RelaySupport

/// Sends the first of many similar events, and then a count.
package struct Collapse: Sendable, Equatable {
    /// A fact that similar events have in common.
    package enum Key: String, Sendable, CaseIterable { case account, automation, error, outcome, priority, trigger, type }

    package var by: [Key]
    /// How long similar events are counted after the first one.
    package var within: Duration

    package init(by: [Key], within: Duration) {
        self.by = by
        self.within = within
    }

    /// The name of the window that counts events like this one: the route and a hash of the facts that are compared.
    package func windowName(of event: Event, route: String) -> String {
        let parts = by.map { "\($0.rawValue)=\(value(of: event, $0) ?? "")" }
        let hash = hexadecimal(SHA256.hash(data: Array(parts.joined(separator: "\u{1F}").utf8)))
        return "\(route)/\(hash.prefix(16))"
    }

    private func value(of event: Event, _ key: Key) -> String? {
        let origin = event.payload.origin
        return switch key {
        case .account: event.account
        case .automation: origin.automationID ?? origin.automation
        case .priority: event.priority.word
        case .trigger: origin.trigger
        case .error: event.payload.detail.errorText.map(ErrorFingerprint.mask)
        case .outcome: if case .run(let detail) = event.payload.detail { detail.outcome.rawValue } else { nil }
        case .type: if case .notification(let detail) = event.payload.detail { detail.type } else { nil }
        }
    }
}

extension Detail {
    /// The text that identifies a kind of error: a run's error or a notification's message.
    fileprivate var errorText: String? {
        switch self {
        case .run(let detail): detail.error
        case .notification(let detail): detail.message
        case .approval, .digest, .relay, .absence: nil
        }
    }
}
