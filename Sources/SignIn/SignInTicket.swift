import Crypto
package import RelayCore
import RelaySupport

/// What the browser keeps between the visit to the issuer and the way back. The cookie that holds it is signed and is sent to this relay only.
package struct SignInTicket: Sendable, Equatable {
    /// Comes back with the code, which proves that this browser began the sign-in (RFC 6749 §10.12).
    package var state: String
    /// Stands in the token, which proves that the token was made for this sign-in.
    package var nonce: String
    /// The secret of PKCE (RFC 7636): 43 characters of 256 random bits.
    package var verifier: String
    /// The path of this relay that the person wanted.
    package var destination: String
    package var expires: Timestamp

    /// How long a person may take at the issuer.
    package static let patience = Duration.seconds(600)

    /// - Parameter random: makes so many random bytes.
    package init(to destination: String, now: Timestamp, random: (Int) -> [UInt8]) {
        state = base64URL(random(32))
        nonce = base64URL(random(32))
        verifier = base64URL(random(32))
        self.destination = destination
        expires = now + Self.patience
    }

    /// `S256` of RFC 7636 §4.2.
    package var challenge: String { base64URL(Array(SHA256.hash(data: Array(verifier.utf8)))) }

    package var text: String {
        let value: JSONValue = [
            "state": .string(state), "nonce": .string(nonce), "verifier": .string(verifier), "to": .string(destination),
            "expires": .int(expires.seconds),
        ]
        return value.text
    }

    /// Nil if the text is no ticket.
    package init?(text: String) {
        guard let json = try? JSONValue(parsing: Array(text.utf8)), let state = json["state"]?.string, let nonce = json["nonce"]?.string,
            let verifier = json["verifier"]?.string, let destination = json["to"]?.string, let expires = json["expires"]?.int
        else { return nil }
        (self.state, self.nonce, self.verifier, self.destination) = (state, nonce, verifier, destination)
        self.expires = Timestamp(seconds: Int64(expires))
    }
}
