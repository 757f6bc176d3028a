import RelaySupport

/// A fact of a request that a person should see before it is decided. A rendered text tells which ones it holds (`Rendered.facts`).
package enum RequestFact: Hashable, Sendable {
    case action, automation, runStatus, trigger, risk
    /// The line of `actions` with this index.
    case line(Int)
}

/// Where a rendered text holds a fact whole.
///
/// Comparing words would not do: the hidden field `amount: 1` would be found in `max_amount: 12`. So a mark stands behind each fact until the
/// text is rendered: a noncharacter, which no text from outside keeps (`repaired`), and a scalar with the number of the fact.
struct FactPlaces: Sendable, Equatable {
    private static let mark = Unicode.Scalar(0xFDD1) ?? " "
    private static let firstNumber: UInt32 = 0xF0000
    private static let mostNumber: UInt32 = 0xFFFD

    private struct End: Sendable, Equatable {
        var fact: RequestFact
        /// The number of UTF-8 bytes from the beginning of the text.
        var offset: Int
    }

    private var ends: [End] = []

    /// A text with the mark of its fact. A fact whose number is too high gets none and never counts as shown.
    static func marked(_ text: String, as fact: RequestFact) -> String {
        guard let number = Unicode.Scalar(firstNumber + min(mostNumber, fact.number)), fact.number < mostNumber else { return text }
        var marked = text.unicodeScalars
        marked.append(mark)
        marked.append(number)
        return String(marked)
    }

    /// Writes the mark of a fact behind its text.
    static func mark(_ fact: RequestFact, in out: inout [UInt8]) { out += marked("", as: fact).utf8 }

    /// - Returns: the text without marks, and where they stood.
    static func taken(from text: String) -> (text: String, places: FactPlaces) {
        guard mayHoldMark(text) else { return (text, FactPlaces()) }
        var bare = String.UnicodeScalarView(), places = FactPlaces(), size = 0, isNumber = false
        for scalar in text.unicodeScalars {
            if isNumber, let fact = RequestFact(number: scalar.value &- firstNumber) { places.ends.append(End(fact: fact, offset: size)) }
            if !isNumber, scalar != mark {
                bare.append(scalar)
                size += UTF8.width(scalar)
            }
            isNumber = !isNumber && scalar == mark
        }
        return (String(bare), places)
    }

    /// Most texts hold no scalar that begins like the mark.
    private static func mayHoldMark(_ text: String) -> Bool { text.holdsByte(0xEF) && text.unicodeScalars.contains(mark) }

    /// The facts that are whole in a text which was cut somewhere.
    func whole(in cut: String, of text: String) -> Set<RequestFact> {
        let same = zip(cut.utf8, text.utf8).prefix { $0 == $1 }.count
        return Set(ends.lazy.filter { $0.offset <= same }.map(\.fact))
    }
}

extension RequestFact {
    private static let named: [RequestFact] = [.action, .automation, .runStatus, .trigger, .risk]

    fileprivate var number: UInt32 {
        if case .line(let index) = self { return UInt32(clamping: index + Self.named.count) }
        return UInt32(Self.named.firstIndex(of: self) ?? 0)
    }

    fileprivate init?(number: UInt32) {
        guard number < 0xFFFD else { return nil }
        self = number < Self.named.count ? Self.named[Int(number)] : .line(Int(number) - Self.named.count)
    }
}
