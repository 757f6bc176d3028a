import Crypto
import Foundation
package import RelayCore

/// A key of Standard Webhooks, and what it signs.
/// Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
package struct WebhookKey: Sendable {
    /// Bytes between which the standard wants a key.
    package static let standardLength = 24...64

    private let key: SymmetricKey

    /// `whsec_` and base64 stands for the bytes behind it; any other text stands for its own UTF-8.
    /// Nil for `whsec_` without good base64, and for nothing at all.
    package init?(_ secret: Secret) {
        let text = secret.reveal()
        let bytes = text.hasPrefix("whsec_") ? Data(base64Encoded: String(text.dropFirst(6))) : Data(text.utf8)
        guard let bytes, !bytes.isEmpty else { return nil }
        key = SymmetricKey(data: bytes)
    }

    package var length: Int { key.bitCount / 8 }

    /// `v1,` and the HMAC-SHA256 of `id.timestamp.body`, where the body is the bytes that are sent.
    package func signature(id: String, timestamp: Int64, body: [UInt8]) -> String {
        var mac = HMAC<SHA256>(key: key)
        mac.update(data: Array("\(id).\(timestamp).".utf8))
        mac.update(data: body)
        return "v1," + Data(mac.finalize()).base64EncodedString()
    }
}
