/// The values of one statement in the form that libpq takes. One object is used again for each statement of a connection.
///
/// Numbers are texts, so that the server infers their types. Texts are in binary format, because a text format ends at a NUL.
struct PostgresParameters {
    private var bytes: [CChar] = []
    /// Where each value starts in `bytes`; -1 is null.
    private var starts: [Int] = []
    private var lengths: [CInt] = []
    private var formats: [CInt] = []

    private static let binary: CInt = 1

    mutating func reset() {
        bytes.removeAll(keepingCapacity: true)
        starts.removeAll(keepingCapacity: true)
        lengths.removeAll(keepingCapacity: true)
        formats.removeAll(keepingCapacity: true)
    }

    mutating func addNull() { add(start: -1, length: 0, format: 0) }

    mutating func add(_ number: Int64) {
        let start = bytes.count
        var rest = number.magnitude, digits: [CChar] = []
        repeat {
            digits.append(48 + CChar(rest % 10))
            rest /= 10
        } while rest > 0
        if number < 0 { bytes.append(45) }
        bytes.append(contentsOf: digits.reversed())
        bytes.append(0)
        add(start: start, length: 0, format: 0)
    }

    mutating func add(_ number: Double) {
        let start = bytes.count
        for byte in number.description.utf8 { bytes.append(CChar(bitPattern: byte)) }
        bytes.append(0)
        add(start: start, length: 0, format: 0)
    }

    /// The server keeps no NUL in a text, so each becomes U+FFFD.
    mutating func add(_ text: String) {
        let start = bytes.count
        var text = text
        let hasNull = text.withUTF8 { utf8 in
            utf8.withMemoryRebound(to: CChar.self) { bytes.append(contentsOf: $0) }
            return utf8.contains(0)
        }
        if hasNull {
            bytes.removeLast(bytes.count - start)
            for byte in text.replacing("\0", with: "\u{FFFD}").utf8 { bytes.append(CChar(bitPattern: byte)) }
        }
        let length = bytes.count - start
        bytes.append(0)
        add(start: start, length: CInt(length), format: Self.binary)
    }

    private mutating func add(start: Int, length: CInt, format: CInt) {
        starts.append(start)
        lengths.append(length)
        formats.append(format)
    }

    func withPointers<Result>(
        _ body: (_ count: CInt, UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<CInt>?, UnsafePointer<CInt>?) -> Result
    ) -> Result {
        bytes.withUnsafeBufferPointer { bytes in
            withUnsafeTemporaryAllocation(of: UnsafePointer<CChar>?.self, capacity: max(1, starts.count)) { pointers in
                for (index, start) in starts.enumerated() {
                    pointers.initializeElement(at: index, to: start < 0 ? nil : bytes.baseAddress.map { $0 + start })
                }
                return lengths.withUnsafeBufferPointer { lengths in
                    formats.withUnsafeBufferPointer { formats in
                        body(CInt(starts.count), UnsafePointer(pointers.baseAddress), lengths.baseAddress, formats.baseAddress)
                    }
                }
            }
        }
    }
}
