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
        return text.object
    }

    init(text: String?) {
        let value = text.flatMap { try? JSONValue(parsing: Array($0.utf8)) }
        self.init(
            atMostOnce: value?["at_most_once"]?.bool ?? false, mention: value?["mention"]?.string,
            refreshes: value?["refreshes"]?.bool ?? false, collapseWindow: value?["collapse_window"]?.int.map(Int64.init))
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

/// The ids that a destination gave its message, as a JSON object of texts.
extension Receipt {
    var text: String { JSONValue.object(remote.mapValues(JSONValue.string)).text }

    init(text: String) {
        let members = (try? JSONValue(parsing: Array(text.utf8)))?.object ?? [:]
        self.init(members.compactMapValues(\.string))
    }
}
