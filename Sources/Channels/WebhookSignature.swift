import Crypto
import Foundation
import RelayCore
package import RelaySupport

/// A Standard Webhooks key, and its signatures.
/// Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
package struct WebhookKey: Sendable {
    /// The key length in bytes that the standard requires.
    package static let standardLength = 24...64

    private let key: SymmetricKey

    /// After `whsec_` the text is base64 of the key, also without padding or in the alphabet for URLs; any other text is used as UTF-8.
    /// Nil if the base64 is invalid, or if the key is empty.
    package init?(_ secret: Secret) {
        let text = secret.reveal()
        let bytes = text.hasPrefix("whsec_") ? Self.decoded(text.dropFirst(6)) : Data(text.utf8)
        guard let bytes, !bytes.isEmpty else { return nil }
        key = SymmetricKey(data: bytes)
    }

    private static func decoded(_ text: Substring) -> Data? {
        let plain = text.replacing("-", with: "+").replacing("_", with: "/").prefix { $0 != "=" }
        return Data(base64Encoded: plain + String(repeating: "=", count: (4 - plain.utf8.count % 4) % 4))
    }

    /// What a text that is used as it stands was probably meant to be; nil if it looks like a text.
    package static func doubt(about secret: Secret) -> String? {
        let text = secret.reveal()
        if text.hasPrefix("whsec_") { return nil }
        if text.hasPrefix("v1,") { return "begins with 'v1,' as a signature does; the whole text is the key" }
        let isBase64 = text.utf8.allSatisfy { $0.isAlphanumeric || "+/=".utf8.contains($0) }
        guard isBase64, text.utf8.count % 4 == 0, let key = Data(base64Encoded: text), standardLength.contains(key.count) else {
            return nil
        }
        return "looks like base64 and has no 'whsec_' before it; the text itself is the key"
    }

    package var length: Int { key.bitCount / 8 }

    /// The signature: `v1,` and the HMAC-SHA256 of `id.timestamp.body`, where the body is the exact bytes that are sent.
    package func signature(id: String, timestamp: Int64, body: [UInt8]) -> String {
        var mac = HMAC<SHA256>(key: key)
        mac.update(data: Array("\(id).\(timestamp).".utf8))
        mac.update(data: body)
        return "v1," + Data(mac.finalize()).base64EncodedString()
    }
}
