import Glibc

/// Finds the items of an array or the members of an object without building them.
///
/// Only the structure is checked. What a part contains is judged when that part is parsed, so a bad part spoils no other one.
package struct JSONOutline {
    /// What was found.
    package struct Parts<Part> {
        package var parts: [Part] = []
        /// The number of parts that the text has; more than `parts` if there are more than were wanted.
        package var count = 0
        /// False if the text ends before its closing bracket.
        package var isWhole = false
    }

    /// A member of an object; its value may lack its end if the text does.
    package struct Member {
        package var name: String
        package var value: Range<Int>
        package var isWhole: Bool

        package init(name: String, value: Range<Int>, isWhole: Bool) {
            self.name = name
            self.value = value
            self.isWhole = isWhole
        }
    }

    /// A member of an object whose name is not built either.
    package struct Place {
        /// The name with its quotation marks.
        package var name: Range<Int>
        /// The value; it may lack its end if the text does.
        package var value: Range<Int>
        package var isWhole: Bool
    }

    private let bytes: [UInt8]
    package let end: Int
    private var at: Int

    /// - Parameter range: the part of the bytes to look at; nil is all of them.
    package init(_ bytes: [UInt8], in range: Range<Int>? = nil) {
        self.bytes = bytes
        (at, end) = (range?.lowerBound ?? 0, range?.upperBound ?? bytes.count)
        if bytes[at..<end].starts(with: [0xEF, 0xBB, 0xBF]) { at += 3 }
        skipSpace()
    }

    package var isArray: Bool { at < end && bytes[at] == UInt8(ascii: "[") }
    package var isObject: Bool { at < end && bytes[at] == UInt8(ascii: "{") }

    /// The ranges of the whole items of an array, the first `most` of them.
    package func items(most: Int) throws(JSONSyntaxError) -> Parts<Range<Int>> {
        var scan = self
        var found = Parts<Range<Int>>()
        guard try scan.opens("[") else { return found.whole() }
        while let item = try scan.value() {
            found.count += 1
            if found.count <= most { found.parts.append(item) }
            if try scan.closes("]", &found.isWhole) { break }
        }
        return found
    }

    /// The members of an object, in their order, the first `most` of them.
    package func members(most: Int) throws(JSONSyntaxError) -> Parts<Member> {
        let found = try places(most: most)
        var members = Parts<Member>()
        (members.count, members.isWhole) = (found.count, found.isWhole)
        for place in found.parts {
            members.parts.append(Member(name: try name(at: place.name), value: place.value, isWhole: place.isWhole))
        }
        return members
    }

    /// The name that stands at a place.
    package func name(at place: Range<Int>) throws(JSONSyntaxError) -> String {
        try JSONValue(parsing: bytes, in: place).string ?? ""
    }

    /// The members of an object as places, in their order, the first `most` of them.
    package func places(most: Int) throws(JSONSyntaxError) -> Parts<Place> {
        var scan = self
        var found = Parts<Place>()
        guard try scan.opens("{") else { return found.whole() }
        while let name = try scan.name() {
            scan.skipSpace()
            let start = scan.at
            let value = try scan.value()
            found.count += 1
            if found.count <= most { found.parts.append(Place(name: name, value: value ?? start..<end, isWhole: value != nil)) }
            if value == nil { break }
            if try scan.closes("}", &found.isWhole) { break }
        }
        return found
    }

    /// Returns false if the array or object is empty.
    private mutating func opens(_ mark: Unicode.Scalar) throws(JSONSyntaxError) -> Bool {
        guard take(mark) else { throw error(at < end ? .unexpectedByte : .unexpectedEnd) }
        skipSpace()
        guard take(mark == "[" ? "]" : "}") else { return true }
        try ends()
        return false
    }

    /// Nothing follows the closing bracket.
    private mutating func ends() throws(JSONSyntaxError) {
        skipSpace()
        guard at == end else { throw error(.trailingBytes) }
    }

    /// Returns true if no other part follows.
    private mutating func closes(_ mark: Unicode.Scalar, _ isWhole: inout Bool) throws(JSONSyntaxError) -> Bool {
        skipSpace()
        if at == end { return true }
        if take(mark) {
            try ends()
            isWhole = true
            return true
        }
        guard take(",") else { throw error(.unexpectedByte) }
        return false
    }

    /// Reads a member's name and its colon; nil if the text ends before.
    private mutating func name() throws(JSONSyntaxError) -> Range<Int>? {
        skipSpace()
        let start = at
        guard at < end else { return nil }
        guard bytes[at] == UInt8(ascii: "\"") else { throw error(.unexpectedByte) }
        guard skipString() else { return nil }
        let name = start..<at
        skipSpace()
        guard at < end else { return nil }
        guard take(":") else { throw error(.unexpectedByte) }
        return name
    }

    /// Skips one value; nil if the text ends before it does.
    private mutating func value() throws(JSONSyntaxError) -> Range<Int>? {
        skipSpace()
        let start = at
        guard at < end else { return nil }
        switch bytes[at] {
        case UInt8(ascii: "\""): return skipString() ? start..<at : nil
        case UInt8(ascii: "{"), UInt8(ascii: "["): return skipNest() ? start..<at : nil
        default:
            while at < end, !Self.endsWord(bytes[at]) { at += 1 }
            guard at > start else { throw error(.unexpectedByte) }
            return start..<at
        }
    }

    /// Skips an array or an object of any depth. It needs no memory for its depth.
    private mutating func skipNest() -> Bool {
        var depth = 0
        while at < end {
            switch bytes[at] {
            case UInt8(ascii: "\""):
                guard skipString() else { return false }
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            default: break
            }
            at += 1
            if depth == 0 { return true }
        }
        return false
    }

    private mutating func skipString() -> Bool {
        let start = at + 1
        at = start
        while let quote = nextQuote() {
            at = quote + 1
            // An odd number of backslashes before it escapes the quotation mark.
            var before = quote
            while before > start, bytes[before - 1] == UInt8(ascii: "\\") { before -= 1 }
            if (quote - before).isMultiple(of: 2) { return true }
        }
        at = end
        return false
    }

    private func nextQuote() -> Int? {
        guard at < end else { return nil }
        return bytes.withUnsafeBytes { all in
            guard let base = all.baseAddress, let found = memchr(base + at, Int32(UInt8(ascii: "\"")), end - at) else { return nil }
            return UnsafeRawPointer(found) - base
        }
    }

    private static func endsWord(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x20, 0x0A, 0x0D, 0x09, UInt8(ascii: ","), UInt8(ascii: "]"), UInt8(ascii: "}"): true
        default: false
        }
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

extension JSONOutline.Parts {
    fileprivate func whole() -> Self {
        var whole = self
        whole.isWhole = true
        return whole
    }
}
