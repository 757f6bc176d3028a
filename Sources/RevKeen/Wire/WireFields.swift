package import RelaySupport

/// The members of one object, for an item that picks those it needs.
///
/// They are read from the bytes, and nothing is built that nobody asks for. An object with something unusual is read from a `JSONValue`
/// instead, where each member is held to the bounds (`WireEntry`).
package struct WireFields {
    /// The most bytes of an object that is read from its bytes. No text in it can be too long, and no value can have too many nodes.
    static let mostBytes = 32_768

    private enum Source {
        case value(JSONValue)
        case places([UInt8], [JSONOutline.Place])
    }

    private let source: Source

    package init(_ value: JSONValue) { source = .value(value) }

    /// Nil if the object is to be read from its value.
    init?(_ bytes: [UInt8], _ range: Range<Int>) {
        guard range.count <= Self.mostBytes, let found = try? JSONOutline(bytes, in: range).places(most: 100), found.isWhole,
            found.count <= 100
        else { return nil }
        self.init(bytes, found.parts)
    }

    /// Nil if a name is escaped, so that it has to be read before it is compared.
    init?(_ bytes: [UInt8], _ places: [JSONOutline.Place]) {
        guard !places.contains(where: { bytes[$0.name].contains(UInt8(ascii: "\\")) }) else { return nil }
        source = .places(bytes, places)
    }

    /// The member as repaired text; nil if it is missing, empty or blank.
    func text(_ key: String) throws(JSONSyntaxError) -> String? {
        switch source {
        case .value(let value): return value.text(key)
        case .places(let bytes, let places):
            guard let range = Self.find(key, in: bytes, places) else { return nil }
            if let plain = Self.plain(bytes, range) { return plain }
            return try member(key, bytes, range).text(key)
        }
    }

    /// The member as a time. A flag or a zero is not a time, so `"completed_at": false` does not finish a run.
    func moment(_ key: String) throws(JSONSyntaxError) -> MomentText? {
        switch source {
        case .value(let value): return value.moment(key)
        case .places(let bytes, let places):
            guard let range = Self.find(key, in: bytes, places) else { return nil }
            // A text with a colon is no number.
            if let plain = Self.plain(bytes, range), plain.utf8.contains(UInt8(ascii: ":")) { return MomentText(plain) }
            return try member(key, bytes, range).moment(key)
        }
    }

    func id(_ key: String) throws(JSONSyntaxError) -> String? {
        switch source {
        case .value(let value): return value.id(key)
        case .places(let bytes, let places):
            guard let range = Self.find(key, in: bytes, places) else { return nil }
            if let plain = Self.plain(bytes, range), plain.isUsableID { return plain }
            return try member(key, bytes, range).id(key)
        }
    }

    /// The member as JSON with repaired texts. A text that itself contains an object or an array is parsed, so that redaction paths reach into
    /// it.
    func json(_ key: String) throws(JSONSyntaxError) -> JSONValue? {
        switch source {
        case .value(let value): return value.json(key)
        case .places(let bytes, let places):
            guard let range = Self.find(key, in: bytes, places) else { return nil }
            let value = try JSONValue(parsing: bytes, in: range)
            // A text whose own JSON exceeds a bound is cut, which is done elsewhere.
            if let text = value.string, text.beginsLikeJSON {
                do throws(JSONSyntaxError) {
                    _ = try JSONValue(parsing: Array(text.utf8))
                } catch  where error.reason.isBound {
                    throw error
                } catch {}
            }
            return JSONValue.object([key: value]).json(key)
        }
    }

    /// The members of an object in a member; nil if there is none.
    func object(_ key: String) throws(JSONSyntaxError) -> WireFields? {
        switch source {
        case .value(let value): return value[key].flatMap { $0.object == nil ? nil : WireFields($0) }
        case .places(let bytes, let places):
            guard let range = Self.find(key, in: bytes, places), bytes[range.lowerBound] == UInt8(ascii: "{") else { return nil }
            if let inner = WireFields(bytes, range) { return inner }
            return WireFields(try JSONValue(parsing: bytes, in: range))
        }
    }

    /// An object with this one member, which the tolerant readers of `JSONValue` take.
    private func member(_ key: String, _ bytes: [UInt8], _ range: Range<Int>) throws(JSONSyntaxError) -> JSONValue {
        .object([key: try JSONValue(parsing: bytes, in: range)])
    }

    /// The place of the last member with a name.
    private static func find(_ key: String, in bytes: [UInt8], _ places: [JSONOutline.Place]) -> Range<Int>? {
        var key = key
        return key.withUTF8 { name in
            for index in places.indices.reversed() {
                let place = places[index].name
                guard place.count == name.count + 2 else { continue }
                let isSame = bytes.withUnsafeBufferPointer { all in
                    all[(place.lowerBound + 1)..<(place.upperBound - 1)].elementsEqual(name)
                }
                if isSame { return places[index].value }
            }
            return nil
        }
    }

    /// The text of a string that needs no reading: printable ASCII without an escape, and not blank.
    private static func plain(_ bytes: [UInt8], _ range: Range<Int>) -> String? {
        guard range.count > 2, bytes[range.lowerBound] == UInt8(ascii: "\"") else { return nil }
        return bytes.withUnsafeBufferPointer { all in
            let inner = all[(range.lowerBound + 1)..<(range.upperBound - 1)]
            var isBlank = true
            for byte in inner {
                guard byte >= 0x20, byte < 0x7F, byte != UInt8(ascii: "\\") else { return nil }
                if byte != 0x20 { isBlank = false }
            }
            return isBlank ? nil : String(decoding: inner, as: UTF8.self)
        }
    }
}
