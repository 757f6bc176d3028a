package import RelaySupport
package import Transport

/// A client of an OpenID Connect issuer, from `server.sign_in.oidc`.
package struct OIDCSettings: Sendable, Equatable {
    /// As the issuer writes itself, byte for byte.
    package var issuer: String
    package var clientID: String
    /// Nil for a public client, which is known by PKCE alone.
    package var clientSecret: Secret?
    package var network: NetworkOptions

    package init(issuer: String, clientID: String, clientSecret: Secret?, network: NetworkOptions = NetworkOptions()) {
        self.issuer = issuer
        self.clientID = clientID
        self.clientSecret = clientSecret
        self.network = network
    }
}
