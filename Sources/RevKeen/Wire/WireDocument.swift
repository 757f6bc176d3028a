import RelayCore
import RelaySupport

/// The outermost members of a response, found and not built.
struct WireDocument {
    /// The most members that RevKeen's envelope and objects may have.
    private static let mostMembers = 200

    let bytes: [UInt8]
    /// The members of the object in `data`, or of the outermost object.
    private(set) var members: [JSONOutline.Member] = []
    /// The place of the list; nil if there is none.
    private(set) var list: Range<Int>?
    private var envelope: [JSONOutline.Member] = []

    /// - Parameter isCut: the bytes are the beginning of a response, so their end may be missing.
    init(_ bytes: [UInt8], isCut: Bool = false) throws(JSONSyntaxError) {
        self.bytes = bytes
        let outline = JSONOutline(bytes)
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
        guard let data = envelope.last(where: { $0.name == "data" })?.value else { return }
        let inner = JSONOutline(bytes, in: data)
        if inner.isArray { list = data }
        if inner.isObject { members = try Self.members(inner, isCut: isCut) }
    }

    /// The place of a member's value; nil if there is none.
    subscript(name: String) -> Range<Int>? { members.last { $0.name == name }?.value }

    private static func members(_ outline: JSONOutline, isCut: Bool) throws(JSONSyntaxError) -> [JSONOutline.Member] {
        let found = try outline.members(most: mostMembers)
        guard found.isWhole || isCut else { throw JSONSyntaxError(reason: .unexpectedEnd, offset: outline.end) }
        guard found.count <= mostMembers else { throw JSONSyntaxError(reason: .tooManyNodes, offset: 0) }
        return found.parts
    }

    /// The object in `data`, or the outermost object, without the named members.
    func entry(besides names: Set<String> = []) throws(JSONSyntaxError) -> WireEntry {
        var reader = MemberReader(bytes)
        for member in members where !names.contains(member.name) { try reader.read(member) }
        return WireEntry(members: reader.members, cut: reader.cut)
    }

    /// The names of members other than `object` and `data`; a member of an object is named like `pagination.total`.
    var pagingKeys: [String] {
        let others = envelope.filter { !["object", "data", "requestId", "request_id"].contains($0.name) }
        let names = others.flatMap { member -> [String] in
            let inner = JSONOutline(bytes, in: member.value)
            guard inner.isObject, let found = try? inner.members(most: 20) else { return [member.name] }
            return found.parts.map { "\(member.name).\($0.name)" }
        }
        return Set(names).sorted().prefix(20).map { $0.repaired(most: 60) }
    }
}
