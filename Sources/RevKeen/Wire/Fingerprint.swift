import Crypto
import Transport

/// A hash of a whole response's bytes: two responses with the same one show the same.
package struct Fingerprint: Sendable, Equatable {
    private let hash: SHA256Digest

    /// Nil if only the beginning of the response is here.
    init?(of response: HTTPResponse) {
        guard !response.isCut else { return nil }
        hash = SHA256.hash(data: response.body)
    }
}
