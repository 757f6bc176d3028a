/// Why nobody is signed in.
package enum SignInError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The issuer, or a part of it, does not answer as it must.
    case issuer(String)
    /// The issuer refused the code.
    case refused(String)
    /// The token is not one of this sign-in.
    case token(String)
    /// The token names no mail address.
    case noEmail
    /// The issuer does not vouch for the mail address.
    case unverifiedEmail

    /// For people and for the log. It holds no secret, no code and no token.
    package var description: String {
        switch self {
        case .issuer(let why): "the sign-in service cannot be used: \(why)"
        case .refused(let why): "the sign-in service refused: \(why)"
        case .token(let why): "what the sign-in service sent does not count: \(why)"
        case .noEmail: "the sign-in service does not say your mail address; the client needs the scope email"
        case .unverifiedEmail: "the sign-in service has not verified your mail address"
        }
    }
}
