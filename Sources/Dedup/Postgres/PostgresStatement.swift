/// One text of the ledger, written for SQLite and PostgreSQL alike, in the form that PostgreSQL reads.
///
/// Three things differ by a rule, so no statement is written twice: parameters (`?` and `?1` become `$1`), hints for SQLite's planner
/// (`INDEXED BY` and `NOT INDEXED`, which PostgreSQL does not have), and `LIKE`, which ignores the case of ASCII letters in SQLite and becomes `ILIKE`.
enum PostgresStatement {
    static func translate(_ sql: String) -> String {
        let bytes = Array(sql.utf8)
        var out: [UInt8] = []
        out.reserveCapacity(bytes.count + 32)
        var index = 0, parameters = 0
        while index < bytes.count {
            let byte = bytes[index]
            if byte == UInt8(ascii: "'") {
                index = copyLiteral(bytes, from: index, to: &out)
            } else if byte == UInt8(ascii: "?") {
                index += 1
                out.append(UInt8(ascii: "$"))
                let digits = bytes[index...].prefix { (48...57).contains($0) }
                if digits.isEmpty {
                    parameters += 1
                    out += Array(String(parameters).utf8)
                } else {
                    out += digits
                    index += digits.count
                }
            } else if isWord(byte), index == 0 || !isWord(bytes[index - 1]) {
                index = copyWord(bytes, from: index, to: &out)
            } else {
                out.append(byte)
                index += 1
            }
        }
        return String(decoding: out, as: UTF8.self)
    }

    private static func copyLiteral(_ bytes: [UInt8], from start: Int, to out: inout [UInt8]) -> Int {
        let end = bytes[(start + 1)...].firstIndex(of: UInt8(ascii: "'")) ?? bytes.count - 1
        out += bytes[start...end]
        return end + 1
    }

    private static func copyWord(_ bytes: [UInt8], from start: Int, to out: inout [UInt8]) -> Int {
        let word = bytes[start...].prefix(while: isWord)
        let next = bytes[word.endIndex...].drop(while: isSpace)
        if word.elementsEqual(Array("NOT".utf8)), next.prefix(while: isWord).elementsEqual(Array("INDEXED".utf8)) {
            return next.startIndex + "INDEXED".utf8.count
        }
        if word.elementsEqual(Array("INDEXED".utf8)), let end = endOfHint(bytes, after: word.endIndex) { return end }
        out += word.elementsEqual(Array("LIKE".utf8)) ? Array("ILIKE".utf8) : Array(word)
        return word.endIndex
    }

    /// The end of ` BY name` after `INDEXED`; nil if something else follows.
    private static func endOfHint(_ bytes: [UInt8], after start: Int) -> Int? {
        let rest = bytes[start...].drop(while: isSpace)
        guard rest.starts(with: Array("BY".utf8)) else { return nil }
        let name = rest.dropFirst(2).drop(while: isSpace)
        return name.startIndex + name.prefix(while: isWord).count
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        (65...90).contains(byte) || (97...122).contains(byte) || (48...57).contains(byte) || byte == UInt8(ascii: "_")
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 32 || byte == 10 }
}
