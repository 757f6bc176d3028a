import RelaySupport

/// One object of an answer, read within the bounds of an item.
///
/// A member that exceeds them is *cut*: its beginning stands in its place as text, and `cut` has its size and its hash. So one member
/// never costs the object, and one object never costs its list.
struct WireEntry {
    /// The most members of an object that is read member by member.
    private static let mostMembers = 200

    private(set) var json: JSONValue
    private(set) var cut: [String: CutPart] = [:]

    /// - Throws: `JSONSyntaxError` if the part is not JSON, or is too large even without its large members.
    init(_ bytes: [UInt8], _ range: Range<Int>) throws(JSONSyntaxError) {
        do throws(JSONSyntaxError) {
            json = try JSONValue(parsing: bytes, in: range)
        } catch {
            guard error.reason.isBound else { throw error }
            json = .null
            try readMembers(bytes, range)
        }
        unwrapTexts()
    }

    init(members: [String: JSONValue], cut: [String: CutPart]) {
        json = .object(members)
        self.cut = cut
        unwrapTexts()
    }

    func item<Item: WireItem>() throws(JSONSyntaxError) -> Item? {
        var item = try Item(WireFields(json))
        if !cut.isEmpty { item?.take(cut) }
        return item
    }

    private mutating func readMembers(_ bytes: [UInt8], _ range: Range<Int>) throws(JSONSyntaxError) {
        let found = try JSONOutline(bytes, in: range).members(most: Self.mostMembers)
        guard found.count <= Self.mostMembers else { throw JSONSyntaxError(reason: .tooManyNodes, offset: range.lowerBound) }
        var reader = MemberReader(bytes)
        for member in found.parts { try reader.read(member) }
        json = .object(reader.members)
        cut = reader.cut
    }

    /// Replaces texts that contain an object or an array by what they contain, so that redaction paths reach into it, and cuts what has a
    /// text that is too long.
    private mutating func unwrapTexts() {
        guard case .object(var members) = json else { return }
        for name in ["actions_json", "payload_json"] where cut[name] == nil {
            guard let text = members[name]?.string, text.beginsLikeJSON else { continue }
            let inner = Array(text.utf8)
            do throws(JSONSyntaxError) {
                members[name] = try JSONValue(parsing: inner)
            } catch {
                // A text that is not JSON stays a text.
                guard error.reason.isBound else { continue }
                let part = CutPart(inner, 0..<inner.count)
                (members[name], cut[name]) = (.string(part.beginning), part)
            }
        }
        for (name, value) in members where cut[name] == nil && value.hasLongText {
            let whole = value.bytes
            let part = CutPart(whole, 0..<whole.count)
            (members[name], cut[name]) = (.string(part.beginning), part)
        }
        json = .object(members)
    }
}

extension JSONValue {
    /// Whether a text in the value is too long to be taken whole.
    fileprivate var hasLongText: Bool {
        switch self {
        case .string(let text): text.utf8.count > Self.longestText
        case .array(let items): items.contains { $0.hasLongText }
        case .object(let members): members.contains { $0.key.utf8.count > Self.longestText || $0.value.hasLongText }
        case .null, .bool, .number: false
        }
    }
}

/// Reads the members of one object with one budget of nodes, and cuts those that exceed it.
struct MemberReader {
    private let bytes: [UInt8]
    private var nodes = JSONBounds.item.nodes
    private(set) var members: [String: JSONValue] = [:]
    private(set) var cut: [String: CutPart] = [:]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func read(_ member: JSONOutline.Member) throws(JSONSyntaxError) {
        var bounds = JSONBounds.item
        bounds.depth -= 1
        bounds.nodes = nodes
        do throws(JSONSyntaxError) {
            let (value, count) = try JSONValue.counted(parsing: bytes, in: member.value, bounds: bounds)
            nodes -= count
            (members[member.name], cut[member.name]) = (value, nil)
        } catch {
            guard error.reason.isBound else { throw error }
            let part = CutPart(bytes, member.value)
            (members[member.name], cut[member.name]) = (.string(part.beginning), part)
        }
    }
}

extension String {
    var beginsLikeJSON: Bool {
        let first = first { !$0.isWhitespace }
        return first == "{" || first == "["
    }
}
