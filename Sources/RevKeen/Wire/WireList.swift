import RelaySupport

/// The entries of one array of a response. What is wrong with an entry costs that entry only.
struct WireList<Item: WireItem> {
    private(set) var items: [Item] = []
    /// The number of entries without a usable id, or that cannot be read, up to the limit.
    private(set) var skipped = 0
    /// The number of entries that were not wanted again.
    private(set) var repeated = 0
    /// What could not be read, for people; nil if all was read.
    private(set) var complaint: String?

    /// - Parameters:
    ///   - place: the place of the array; a list is empty if it has none, or if another value stands there.
    ///   - known: the ids of entries that are not wanted again.
    ///   - isCut: the bytes are the beginning of a response, so the last entries may be missing.
    init(
        _ bytes: [UInt8], _ place: Range<Int>?, limit: Int, besides known: Set<String> = [], isCut: Bool = false
    ) throws(JSONSyntaxError) {
        guard let place else { return }
        let outline = JSONOutline(bytes, in: place)
        guard outline.isArray else { return }
        let found = try outline.items(most: limit)
        guard found.isWhole || isCut else { throw JSONSyntaxError(reason: .unexpectedEnd, offset: place.upperBound) }
        var complaints: [String] = []
        for (index, range) in found.parts.enumerated() {
            do throws(JSONSyntaxError) {
                let (id, item, cut) = try Self.entry(bytes, range)
                if !known.isEmpty, let id, known.contains(id) {
                    repeated += 1
                    continue
                }
                guard let item else {
                    skipped += 1
                    // A null or an empty entry is none.
                    let written = try JSONValue(parsing: bytes, in: range)["id"]?.string ?? ""
                    if !written.isEmpty {
                        complaints.append("entry \(index + 1) has an id of other signs than letters, digits, '.', '_' and '-'")
                    }
                    continue
                }
                items.append(item)
                if let words = WireComplaint.cut(cut, of: id ?? "") { complaints.append(words) }
            } catch {
                skipped += 1
                complaints.append("entry \(index + 1) (\(range.count) bytes) is \(error.reason.rawValue)")
            }
        }
        if found.count > limit { complaints.append("of its \(found.count) entries only \(limit) are read, as asked for") }
        if !found.isWhole { complaints.append("it is over \(bytes.count) bytes, and only its first \(found.parts.count) entries are read") }
        complaint = WireComplaint.joined(complaints)
    }
}

extension WireList {
    private typealias Entry = (id: String?, item: Item?, cut: [String: CutPart])

    /// Reads one entry, from its bytes if nothing about it is unusual.
    private static func entry(_ bytes: [UInt8], _ range: Range<Int>) throws(JSONSyntaxError) -> Entry {
        if let entry = try? WireFields(bytes, range).map({ fields in (try fields.id("id"), try Item(fields), [:]) as Entry }) {
            return entry
        }
        let entry = try WireEntry(bytes, range)
        return (entry.json.id("id"), try entry.item(), entry.cut)
    }
}

/// Words for what of a response could not be read. They hold no text of the response but ids and names.
enum WireComplaint {
    private static let most = 3

    static func cut(_ cut: [String: CutPart], of id: String) -> String? {
        joined(cut.sorted { $0.key < $1.key }.map { "\($0.key.repaired(most: 40)) of \(id) is cut, it has \($0.value.bytes) bytes" })
    }

    /// The first words, and the number of the others; nil if there are none.
    static func joined(_ words: [String?]) -> String? {
        let words = words.compactMap(\.self)
        guard !words.isEmpty else { return nil }
        let more = words.count > most ? "; and \(words.count - most) more" : ""
        return words.prefix(most).joined(separator: "; ") + more
    }
}
