import RelayCore

/// The options of a delivery as JSON; null if there are none, as for most deliveries.
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

    init(text: String?) { self = Self.read(text).options }

    /// Reads options. A delivery whose options are damaged is sent once at most, because nobody knows any more that it may be repeated.
    ///
    /// - Returns: the options, and false if they are damaged.
    static func read(_ text: String?) -> (options: DeliveryOptions, isReadable: Bool) {
        guard let text else { return (DeliveryOptions(), true) }
        guard let members = PayloadText.object(in: text) else { return (DeliveryOptions(atMostOnce: true), false) }
        let once = members["at_most_once"]
        let options = DeliveryOptions(
            atMostOnce: once.map { $0.bool ?? true } ?? false, mention: members["mention"]?.string,
            refreshes: members["refreshes"]?.bool ?? false, storm: members["storm"]?.int.map(Int64.init))
        return (options, once == nil || once?.bool != nil)
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
