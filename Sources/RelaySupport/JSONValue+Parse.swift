/// A JSON syntax error: what is wrong and where.
package struct JSONSyntaxError: Error, Equatable, CustomStringConvertible {
    package enum Reason: String, Sendable {
        case unexpectedEnd, unexpectedByte, badString, badNumber, trailingBytes
        case tooDeep, tooManyNodes, stringTooLong
        /// Two members of an object have the same name, or one name in two spellings of Unicode. A dictionary would keep one of them.
        case nameTwice

        /// The text may be JSON, and has more than is taken.
        package var isBound: Bool {
            switch self {
            case .tooDeep, .tooManyNodes, .stringTooLong, .nameTwice: true
            case .unexpectedEnd, .unexpectedByte, .badString, .badNumber, .trailingBytes: false
            }
        }
    }

    package var reason: Reason
    /// The index of the byte where the error was found, from 0.
    package var offset: Int

    package init(reason: Reason, offset: Int) {
        self.reason = reason
        self.offset = offset
    }

    package var description: String { "\(reason.isBound ? "too much JSON" : "not JSON"): \(reason.rawValue) at byte \(offset)" }
}

extension JSONValue {
    /// Reads one JSON text (RFC 8259).
    ///
    /// The input may be untrusted. A byte order mark is skipped, and bad UTF-8 and lone surrogates become U+FFFD. If two members have the
    /// same name, the last one counts. What exceeds a bound is an error, not a crash.
    ///
    /// - Parameter range: the part of the bytes that is the text; nil is all of them.
    /// - Throws: `JSONSyntaxError` if the bytes are not one JSON text within the bounds.
    package init(parsing bytes: [UInt8], in range: Range<Int>? = nil, bounds: JSONBounds = .item) throws(JSONSyntaxError) {
        self = try Self.counted(parsing: bytes, in: range, bounds: bounds).value
    }

    /// Reads one JSON text and counts its nodes.
    package static func counted(
        parsing bytes: [UInt8], in range: Range<Int>? = nil, bounds: JSONBounds = .item
    ) throws(JSONSyntaxError) -> (value: JSONValue, nodes: Int) {
        var parser = JSONParser(bytes, range ?? 0..<bytes.count, bounds)
        let value = try parser.document()
        return (value, parser.nodes)
    }
}

private struct JSONParser {
    private let bytes: [UInt8]
    private let end: Int
    private let bounds: JSONBounds
    private var at: Int
    private(set) var nodes = 0

    init(_ bytes: [UInt8], _ range: Range<Int>, _ bounds: JSONBounds) {
        self.bytes = bytes
        self.bounds = bounds
        (at, end) = (range.lowerBound, range.upperBound)
        if bytes[range].starts(with: [0xEF, 0xBB, 0xBF]) { at += 3 }
    }

    mutating func document() throws(JSONSyntaxError) -> JSONValue {
        let result = try value(depth: bounds.depth)
        skipSpace()
        guard at == end else { throw error(.trailingBytes) }
        return result
    }

    private mutating func value(depth: Int) throws(JSONSyntaxError) -> JSONValue {
        nodes += 1
        guard nodes <= bounds.nodes else { throw error(.tooManyNodes) }
        skipSpace()
        guard at < end else { throw error(.unexpectedEnd) }
        switch bytes[at] {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        default: return try number()
        }
    }

    private mutating func object(depth: Int) throws(JSONSyntaxError) -> JSONValue {
        guard depth > 0 else { throw error(.tooDeep) }
        at += 1
        var members: [String: JSONValue] = [:]
        if closes("}") { return .object(members) }
        while true {
            skipSpace()
            guard at < end else { throw error(.unexpectedEnd) }
            guard bytes[at] == UInt8(ascii: "\"") else { throw error(.unexpectedByte) }
            let name = try string()
            // Neither member may hide the other from whoever decides.
            if members[name] != nil { throw error(.nameTwice) }
            try expect(":")
            members[name] = try value(depth: depth - 1)
            if closes("}") { return .object(members) }
            try expect(",")
        }
    }

    private mutating func array(depth: Int) throws(JSONSyntaxError) -> JSONValue {
        guard depth > 0 else { throw error(.tooDeep) }
        at += 1
        var items: [JSONValue] = []
        if closes("]") { return .array(items) }
        while true {
            items.append(try value(depth: depth - 1))
            if closes("]") { return .array(items) }
            try expect(",")
        }
    }

    private mutating func string() throws(JSONSyntaxError) -> String {
        at += 1
        let start = at
        while at < end, bytes[at] != UInt8(ascii: "\""), bytes[at] != UInt8(ascii: "\\") { at += 1 }
        guard at < end else { throw error(.unexpectedEnd) }
        guard at - start <= bounds.string else { throw error(.stringTooLong) }
        if bytes[at] == UInt8(ascii: "\"") {
            defer { at += 1 }
            return String(decoding: bytes[start..<at], as: UTF8.self)
        }
        return try escapedString(startingWith: Array(bytes[start..<at]))
    }

    private mutating func escapedString(startingWith start: [UInt8]) throws(JSONSyntaxError) -> String {
        var out = start
        while at < end {
            guard out.count <= bounds.string else { throw error(.stringTooLong) }
            let byte = bytes[at]
            at += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: out, as: UTF8.self)
            case UInt8(ascii: "\\"): try escape(into: &out)
            default: out.append(byte)
            }
        }
        throw error(.unexpectedEnd)
    }

    private mutating func escape(into out: inout [UInt8]) throws(JSONSyntaxError) {
        guard at < end else { throw error(.unexpectedEnd) }
        let byte = bytes[at]
        at += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): out.append(byte)
        case UInt8(ascii: "n"): out.append(0x0A)
        case UInt8(ascii: "r"): out.append(0x0D)
        case UInt8(ascii: "t"): out.append(0x09)
        case UInt8(ascii: "b"): out.append(0x08)
        case UInt8(ascii: "f"): out.append(0x0C)
        case UInt8(ascii: "u"): out.append(contentsOf: String(Character(try unicodeEscape())).utf8)
        default: throw error(.badString)
        }
    }

    private mutating func unicodeEscape() throws(JSONSyntaxError) -> Unicode.Scalar {
        let first = try hex4()
        guard (0xD800..<0xDC00).contains(first), at + 1 < end, bytes[at] == UInt8(ascii: "\\"),
            bytes[at + 1] == UInt8(ascii: "u")
        else { return Unicode.Scalar(first) ?? "\u{FFFD}" }
        let before = at
        at += 2
        let second = try hex4()
        guard (0xDC00..<0xE000).contains(second) else {
            at = before
            return "\u{FFFD}"
        }
        return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)) ?? "\u{FFFD}"
    }

    private mutating func hex4() throws(JSONSyntaxError) -> UInt32 {
        guard at + 4 <= end else { throw error(.unexpectedEnd) }
        var number: UInt32 = 0
        for byte in bytes[at..<at + 4] {
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { throw error(.badString) }
            number = number << 4 | UInt32(digit)
        }
        at += 4
        return number
    }

    private mutating func number() throws(JSONSyntaxError) -> JSONValue {
        let start = at
        _ = take("-")
        let whole = digits()
        guard whole > 0, whole == 1 || bytes[at - whole] != UInt8(ascii: "0") else {
            throw start == at ? error(.unexpectedByte) : error(.badNumber)
        }
        if take("."), digits() == 0 { throw error(.badNumber) }
        if take("e") || take("E") {
            _ = take("+") || take("-")
            if digits() == 0 { throw error(.badNumber) }
        }
        return .number(String(decoding: bytes[start..<at], as: UTF8.self))
    }

    private mutating func digits() -> Int {
        let start = at
        while at < end, bytes[at] >= 48, bytes[at] <= 57 { at += 1 }
        return at - start
    }

    private mutating func literal(_ word: StaticString, _ value: JSONValue) throws(JSONSyntaxError) -> JSONValue {
        let length = word.utf8CodeUnitCount
        guard at + length <= end else { throw error(.unexpectedEnd) }
        guard bytes[at..<at + length].elementsEqual(UnsafeBufferPointer(start: word.utf8Start, count: length)) else {
            throw error(.unexpectedByte)
        }
        at += length
        return value
    }

    private mutating func closes(_ mark: Unicode.Scalar) -> Bool {
        skipSpace()
        return take(mark)
    }

    private mutating func expect(_ mark: Unicode.Scalar) throws(JSONSyntaxError) {
        skipSpace()
        guard take(mark) else { throw error(at < end ? .unexpectedByte : .unexpectedEnd) }
    }

    private mutating func take(_ mark: Unicode.Scalar) -> Bool {
        guard at < end, bytes[at] == UInt8(ascii: mark) else { return false }
        at += 1
        return true
    }

    private mutating func skipSpace() {
        while at < end, bytes[at] <= 0x20, bytes[at] == 0x20 || bytes[at] == 0x0A || bytes[at] == 0x0D || bytes[at] == 0x09 { at += 1 }
    }

    private func error(_ reason: JSONSyntaxError.Reason) -> JSONSyntaxError { JSONSyntaxError(reason: reason, offset: at) }
}
