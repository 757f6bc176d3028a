import RelayCore
import RelaySupport
import SignIn
import Transport

/// `server.sign_in`: how the relay knows who reads its pages.
struct SignInSettings: Sendable, Equatable {
    var oidc: OIDCSettings?
    var header: ProxyHeader?
    /// A session ends after this time, and earlier if it is not used for a quarter of it.
    var session = Duration.seconds(12 * 3_600)

    /// A header in which a proxy names whom it has signed in.
    struct ProxyHeader: Sendable, Equatable {
        /// In lower case.
        var name: String
        /// The proxies whose header is believed. From anywhere else it is ignored.
        var from: [AddressBlock]

        /// The mail address that a trusted proxy names, in lower case; nil if the request is not from one, or if it names none or several.
        func email(in request: PublicRequest) -> String? {
            guard let peer = request.peer, from.contains(where: { $0.contains(peer) }) else { return nil }
            let values = request.headers.filter { $0.name == name }.map { $0.value.trimmed.lowercased() }
            guard values.count == 1, let email = values.first, email.contains("@"), !email.contains(",") else { return nil }
            return email
        }
    }
}
