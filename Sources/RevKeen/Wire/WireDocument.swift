import RelayCore
import RelaySupport

/// The outermost members of a response, found and not built.
struct WireDocument {
    /// The most members that RevKeen's envelope and objects may have.
    private static let mostMembers = 200

    let bytes: [UInt8]
    /// The members of the object in `data`, or of the outermost object.
    private(set) var members: [JSONOutline.Place] = []
    /// The place of the list; nil if there is none.
    private(set) var list: Range<Int>?
    private var envelope: [JSONOutline.Place] = []
    private let outline: JSONOutline

    /// - Parameter isCut: the bytes are the beginning of a response, so their end may be missing.
    init(_ bytes: [UInt8], isCut: Bool = false) throws(JSONSyntaxError) {
        self.bytes = bytes
        outline = JSONOutline(bytes)
        if outline.isArray {
            list = 0..<bytes.count
            return
        }
        guard outline.isObject else {
            // Bytes that are not JSON are another error than JSON of another kind.
            _ = try JSONValue(parsing: bytes)
            return
        }
        envelope = try Self.members(outline, isCut: isCut)
        members = envelope
        guard let data = self["data"] else { return }
        let inner = JSONOutline(bytes, in: data)
        if inner.isArray { list = data }
        if inner.isObject { members = try Self.members(inner, isCut: isCut) }
    }

    /// The place of a member's value; nil if there is none.
    subscript(name: String) -> Range<Int>? { members.last { isNamed($0, name) }?.value }

    private func isNamed(_ member: JSONOutline.Place, _ name: String) -> Bool {
        if bytes[member.name].dropFirst().dropLast().elementsEqual(name.utf8) { return true }
        return bytes[member.name].contains(UInt8(ascii: "\\")) && (try? outline.name(at: member.name)) == name
    }

    private static func members(_ outline: JSONOutline, isCut: Bool) throws(JSONSyntaxError) -> [JSONOutline.Place] {
        let found = try outline.places(most: mostMembers)
        guard found.isWhole || isCut else { throw JSONSyntaxError(reason: .unexpectedEnd, offset: outline.end) }
        guard found.count <= mostMembers else { throw JSONSyntaxError(reason: .tooManyNodes, offset: 0) }
        return found.parts
    }

    /// Reads the object in `data`, or the outermost object, without the named members.
    ///
    /// - Returns: the item, nil if the object has no usable id; and the members of which it has only the beginning.
    func item<Item: WireItem>(
        _ type: Item.Type, besides names: [String]
    ) throws(JSONSyntaxError) -> (item: Item?, cut: [String: CutPart]) {
        let own = members.filter { member in !names.contains { isNamed(member, $0) } }
        if own.reduce(0, { $0 + $1.value.count }) <= WireFields.mostBytes, let fields = WireFields(bytes, own),
            let item = try? Item(fields)
        {
            return (item, [:])
        }
        var reader = MemberReader(bytes)
        for member in own {
            try reader.read(.init(name: try outline.name(at: member.name), value: member.value, isWhole: member.isWhole))
        }
        let entry = WireEntry(members: reader.members, cut: reader.cut)
        return (try entry.item(), entry.cut)
    }

    /// The names of members other than `object` and `data`; a member of an object is named like `pagination.total`.
    var pagingKeys: [String] {
        let others = envelope.map { (name: (try? outline.name(at: $0.name)) ?? "", value: $0.value) }
            .filter { !["object", "data", "requestId", "request_id"].contains($0.name) }
        let names = others.flatMap { member -> [String] in
            let inner = JSONOutline(bytes, in: member.value)
            guard inner.isObject, let found = try? inner.members(most: 20) else { return [member.name] }
            return found.parts.map { "\(member.name).\($0.name)" }
        }
        return Set(names).sorted().prefix(20).map { $0.repaired(most: 60) }
    }
}
