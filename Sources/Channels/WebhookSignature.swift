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

    /// After `whsec_` the text is base64 of the key; any other text is used as UTF-8.
    /// Nil if the base64 is invalid, or if the key is empty.
    package init?(_ secret: Secret) {
        let text = secret.reveal()
        let bytes = text.hasPrefix("whsec_") ? Data(base64Encoded: String(text.dropFirst(6))) : Data(text.utf8)
        guard let bytes, !bytes.isEmpty else { return nil }
        key = SymmetricKey(data: bytes)
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
