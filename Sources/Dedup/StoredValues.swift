import RelayCore
import RelaySupport

/// The options of a delivery as JSON.
/// Most deliveries have none, which is stored as null.
extension DeliveryOptions {
    var text: String? {
        guard self != DeliveryOptions() else { return nil }
        var text = JSONText()
        text.add("at_most_once", atMostOnce ? true : nil)
        text.add("mention", mention)
        text.add("refreshes", refreshes ? true : nil)
        text.add("collapse_window", collapseWindow)
        text.add("on_recovery", onRecovery?.rawValue)
        return text.object
    }

    init(text: String?) { self = Self.read(text).options }

    /// Reads options. A delivery whose options are damaged is sent at most once, because it is not known whether it may be repeated.
    ///
    /// - Returns: the options, and false if they are damaged.
    static func read(_ text: String?) -> (options: DeliveryOptions, isReadable: Bool) {
        guard let text else { return (DeliveryOptions(), true) }
        guard let members = PayloadText.object(in: text) else { return (DeliveryOptions(atMostOnce: true), false) }
        let once = members["at_most_once"]
        let options = DeliveryOptions(
            atMostOnce: once.map { $0.bool ?? true } ?? false, mention: members["mention"]?.string,
            refreshes: members["refreshes"]?.bool ?? false, collapseWindow: members["collapse_window"]?.int.map(Int64.init),
            onRecovery: members["on_recovery"]?.string.flatMap(OnRecovery.init))
        return (options, once == nil || once?.bool != nil)
    }
}

/// A route as the column `delivery.route` holds it.
/// Routes of the relay's own begin with a colon, which no name in a configuration file can contain, so the two never collide.
extension RouteName {
    var text: String {
        switch self {
        case .configured(let name): name
        case .digest(let name): ":digest \(name)"
        case .builtIn(let route): ":\(route.rawValue)"
        }
    }

    /// Text that this version cannot read becomes a configured route of that name, which no configuration has.
    init(text: String) {
        if text.hasPrefix(":digest ") {
            self = .digest(String(text.dropFirst(":digest ".count)))
        } else if text.hasPrefix(":"), let route = BuiltIn(rawValue: String(text.dropFirst())) {
            self = .builtIn(route)
        } else {
            self = .configured(text)
        }
    }
}

/// The receipt of a message as a JSON object of texts.
extension Receipt {
    var text: String { JSONValue.object(remote.mapValues(JSONValue.string)).text }

    /// Nil if the text is damaged.
    init?(text: String) {
        guard let members = PayloadText.object(in: text) else { return nil }
        let texts = members.compactMapValues(\.string)
        guard texts.count == members.count else { return nil }
        self.init(texts)
    }
}
