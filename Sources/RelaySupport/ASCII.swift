/// Tests whether a byte is an ASCII digit or letter.
/// No byte of a longer UTF-8 sequence belongs to any of these classes.
extension UInt8 {
    package var isDigit: Bool { (48...57).contains(self) }

    package var isLetter: Bool { (65...90).contains(self) || (97...122).contains(self) }

    /// A blank, a tab, or a control character that breaks a line.
    package var isASCIIWhiteSpace: Bool { self == 32 || (9...13).contains(self) }

    package var isAlphanumeric: Bool { isDigit || isLetter }
}
