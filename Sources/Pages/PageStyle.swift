import Crypto
import Foundation

/// The CSS of a page.
/// It is a literal of the program's own source, so that nothing foreign can stand in it. It must not hold `</`, which would end the element.
package struct PageStyle: Sendable, ExpressibleByStringLiteral {
    package let css: String
    /// The hash that allows exactly this style in a Content-Security-Policy: `sha256-…`.
    package let hash: String

    package init(stringLiteral value: StaticString) {
        css = value.description
        hash = "sha256-" + Data(SHA256.hash(data: Array(css.utf8))).base64EncodedString()
    }
}
