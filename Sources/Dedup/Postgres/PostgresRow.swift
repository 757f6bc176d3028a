import CPostgres

/// One row of a result in binary format.
struct PostgresRow {
    let result: OpaquePointer
    let index: CInt

    /// The types that the ledger's columns and expressions have, by the numbers of `pg_type`.
    enum Kind {
        case integer, real, text, bytes

        init?(_ type: Oid) {
            switch type {
            case 16, 20, 21, 23: self = .integer
            case 700, 701: self = .real
            case 18, 19, 25, 1042, 1043, 705: self = .text
            case 17: self = .bytes
            default: return nil
            }
        }
    }

    func isNull(_ column: Int) -> Bool { PQgetisnull(result, index, CInt(column)) == 1 }

    /// Zero for null, as SQLite gives it.
    func integer(_ column: Int) -> Int64 {
        guard let start = PQgetvalue(result, index, CInt(column)) else { return 0 }
        let length = Int(PQgetlength(result, index, CInt(column)))
        if kind(column) == .real { return Int64(real(column)) }
        if kind(column) == .text { return Int64(text(column)) ?? 0 }
        guard length > 0 else { return 0 }
        // Numbers are in network order, with their sign in the first byte.
        var number = length == 1 ? Int64(start[0]) : Int64(Int8(start[0]))
        for place in 1..<max(1, length) { number = number << 8 | Int64(UInt8(bitPattern: start[place])) }
        return number
    }

    func real(_ column: Int) -> Double {
        guard kind(column) == .real else { return Double(integer(column)) }
        guard let start = PQgetvalue(result, index, CInt(column)) else { return 0 }
        let length = Int(PQgetlength(result, index, CInt(column)))
        var bits: UInt64 = 0
        for place in 0..<length { bits = bits << 8 | UInt64(UInt8(bitPattern: start[place])) }
        return length == 4 ? Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits))) : Double(bitPattern: bits)
    }

    func text(_ column: Int) -> String {
        guard kind(column) == .text else { return isNull(column) ? "" : String(integer(column)) }
        guard let start = PQgetvalue(result, index, CInt(column)) else { return "" }
        let count = Int(PQgetlength(result, index, CInt(column)))
        return start.withMemoryRebound(to: UInt8.self, capacity: count) {
            String(decoding: UnsafeBufferPointer(start: $0, count: count), as: UTF8.self)
        }
    }

    private func kind(_ column: Int) -> Kind? { Kind(PQftype(result, CInt(column))) }
}
