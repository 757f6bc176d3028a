import RelayCore
import RelaySupport

/// The options of a delivery: null where there are none, as with most.
extension DeliveryOptions {
    var text: String? {
        guard self != DeliveryOptions() else { return nil }
        var text = JSONText()
        text.add("at_most_once", atMostOnce ? true : nil)
        text.add("mention", mention)
        text.add("refreshes", refreshes ? true : nil)
        text.add("storm", storm)
        return text.object
    }

    init(text: String?) {
        let value = text.flatMap { try? JSONValue(parsing: Array($0.utf8)) }
        self.init(
            atMostOnce: value?["at_most_once"]?.bool ?? false, mention: value?["mention"]?.string,
            refreshes: value?["refreshes"]?.bool ?? false, storm: value?["storm"]?.int.map(Int64.init))
    }
}

/// What a destination calls its message, as a JSON object of texts.
extension Receipt {
    var text: String { JSONValue.object(remote.mapValues(JSONValue.string)).text }

    init(text: String) {
        let members = (try? JSONValue(parsing: Array(text.utf8)))?.object ?? [:]
        self.init(members.compactMapValues(\.string))
    }
}
