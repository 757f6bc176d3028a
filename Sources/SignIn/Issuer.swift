import FoundationEssentials
package import RelayCore
import RelaySupport
package import Transport

/// An OpenID Connect issuer: the code flow with PKCE, state and nonce.
/// Sources: OpenID Connect Core 1.0 §3.1, OpenID Connect Discovery 1.0 §4, RFC 7636, RFC 9207
package actor Issuer {
    private let settings: OIDCSettings
    private let http: any HTTPTransport
    private let clock: any WallClock
    private var known: (discovery: Discovery, readAt: Timestamp)?
    private var keys: (keys: SigningKeys, readAt: Timestamp)?

    /// Discovery and keys are read again after this time.
    private static let fresh = Duration.seconds(3_600)
    /// A key that is not known is asked for at most this often, so that forged tokens cause no requests.
    private static let keyPace = Duration.seconds(30)

    package init(_ settings: OIDCSettings, http: any HTTPTransport, clock: any WallClock) {
        self.settings = settings
        self.http = http
        self.clock = clock
    }

    /// What the issuer says of itself.
    struct Discovery: Sendable {
        var authorization: String
        var token: String
        var keys: String
        /// The client's secret is sent in the body instead of a header.
        var takesSecretInBody: Bool
        /// The way back says which issuer it comes from.
        var namesItself: Bool
    }

    /// The address of the issuer's page to which the browser is sent.
    package func address(for ticket: SignInTicket, back: String) async throws(SignInError) -> String {
        let discovery = try await discovery()
        let query = [
            ("response_type", "code"), ("client_id", settings.clientID), ("redirect_uri", back), ("scope", "openid email"),
            ("state", ticket.state), ("nonce", ticket.nonce), ("code_challenge", ticket.challenge), ("code_challenge_method", "S256"),
        ]
        let separator = discovery.authorization.contains("?") ? "&" : "?"
        return discovery.authorization + separator + Self.form(query)
    }

    /// Trades a code for a token, and believes it.
    ///
    /// - Parameter named: the issuer that the way back named; nil if it named none.
    /// - Returns: the person's verified mail address in lower case.
    package func email(
        code: String, named: String?, ticket: SignInTicket, back: String
    ) async throws(SignInError) -> String {
        let discovery = try await discovery()
        if let named, named != settings.issuer { throw .token("another issuer sent you here") }
        if named == nil, discovery.namesItself { throw .token("the issuer did not name itself on the way back") }
        let token = try IDToken(try await tokenText(code: code, ticket: ticket, back: back, discovery))
        guard try await isSigned(token, discovery) else { throw .token("none of the issuer's keys has signed it") }
        return try token.email(
            as: IDToken.Expected(issuer: settings.issuer, client: settings.clientID, nonce: ticket.nonce, now: clock.now))
    }

    /// Asks the issuer what it is, for `check --connect`.
    package func probe() async throws(SignInError) {
        let discovery = try await readDiscovery()
        guard try await !readKeys(discovery).isEmpty else { throw .issuer("none of its keys is for RS256, ES256 or EdDSA") }
    }

    // MARK: Discovery and keys

    private func discovery() async throws(SignInError) -> Discovery {
        if let known, known.readAt + Self.fresh > clock.now, known.readAt <= clock.now { return known.discovery }
        let discovery = try await readDiscovery()
        known = (discovery, clock.now)
        return discovery
    }

    private func readDiscovery() async throws(SignInError) -> Discovery {
        let base = settings.issuer.hasSuffix("/") ? String(settings.issuer.dropLast()) : settings.issuer
        let json = try await read(Secret(base + "/.well-known/openid-configuration"), "its discovery document")
        guard json["issuer"]?.string == settings.issuer else {
            throw .issuer("it calls itself \(json["issuer"]?.string?.oneLine(most: 200) ?? "nothing"); set issuer to exactly that")
        }
        func address(_ name: String) throws(SignInError) -> String {
            guard let text = json[name]?.string, let address = WebAddress(text), Self.isSafe(address, besides: settings.issuer) else {
                throw .issuer("its \(name) is no https address")
            }
            return text
        }
        let ways = json["token_endpoint_auth_methods_supported"]?.array?.compactMap(\.string) ?? ["client_secret_basic"]
        return Discovery(
            authorization: try address("authorization_endpoint"), token: try address("token_endpoint"), keys: try address("jwks_uri"),
            takesSecretInBody: !ways.contains("client_secret_basic") && ways.contains("client_secret_post"),
            namesItself: json["authorization_response_iss_parameter_supported"]?.bool ?? false)
    }

    /// Plain addresses are taken only on this machine, or where the issuer's own is plain.
    private static func isSafe(_ address: WebAddress, besides issuer: String) -> Bool {
        address.scheme == "https" || (address.scheme == "http" && (address.isLoopback || issuer.hasPrefix("http://")))
    }

    private func isSigned(_ token: IDToken, _ discovery: Discovery) async throws(SignInError) -> Bool {
        let age = keys.map { $0.readAt.duration(to: clock.now) }
        if let keys, let age, age < Self.fresh, age >= .zero {
            if token.isSigned(with: keys.keys) { return true }
            // The issuer may have a new key.
            guard age > Self.keyPace else { return false }
        }
        let read = try await readKeys(discovery)
        keys = (read, clock.now)
        return token.isSigned(with: read)
    }

    private func readKeys(_ discovery: Discovery) async throws(SignInError) -> SigningKeys {
        guard let keys = SigningKeys(try await read(Secret(discovery.keys), "its keys")) else { throw .issuer("its keys are no key set") }
        return keys
    }

    // MARK: Requests

    private func tokenText(
        code: String, ticket: SignInTicket, back: String, _ discovery: Discovery
    ) async throws(SignInError) -> String {
        var fields = [
            ("grant_type", "authorization_code"), ("code", code), ("redirect_uri", back), ("code_verifier", ticket.verifier),
            ("client_id", settings.clientID),
        ]
        var request = HTTPRequest("POST", Secret(discovery.token), network: settings.network)
        request.headers = [
            ("Content-Type", Secret("application/x-www-form-urlencoded")), ("Accept", Secret("application/json")),
        ]
        if let secret = settings.clientSecret {
            if discovery.takesSecretInBody {
                fields.append(("client_secret", secret.reveal()))
            } else {
                // RFC 6749 §2.3.1 encodes both before they are joined.
                let pair = settings.clientID.percentEncoded + ":" + secret.reveal().percentEncoded
                request.headers.append(("Authorization", Secret("Basic " + Data(pair.utf8).base64EncodedString())))
            }
        }
        request.body = Array(Self.form(fields).utf8)
        request.timeout = .seconds(15)
        request.guardsAgainstResend = true
        let response = try await send(request, "its token endpoint")
        let json = (try? JSONValue(parsing: response.body)) ?? .null
        guard response.status == 200 else {
            let words = [json["error"]?.string, json["error_description"]?.string].compactMap(\.self).joined(separator: ": ")
            throw .refused(words.isEmpty ? "its token endpoint answered \(response.status)" : words.oneLine(most: 200))
        }
        guard let token = json["id_token"]?.string else { throw .issuer("its token endpoint sent no id_token") }
        return token
    }

    private func read(_ url: Secret, _ what: String) async throws(SignInError) -> JSONValue {
        var request = HTTPRequest("GET", url, headers: [("Accept", Secret("application/json"))], network: settings.network)
        request.timeout = .seconds(10)
        request.maximumAnswer = 262_144
        let response = try await send(request, what)
        guard response.status == 200, let json = try? JSONValue(parsing: response.body), json.object != nil else {
            throw .issuer("\(what) cannot be read: it answered \(response.status)")
        }
        return json
    }

    private func send(_ request: HTTPRequest, _ what: String) async throws(SignInError) -> HTTPResponse {
        do {
            return try await http.send(request)
        } catch {
            throw .issuer("\(what) cannot be reached: \(error.detail)")
        }
    }

    private static func form(_ fields: [(String, String)]) -> String {
        fields.map { "\($0.percentEncoded)=\($1.percentEncoded)" }.joined(separator: "&")
    }
}
