package import RelayCore
package import Transport

/// One key and the one host that it is sent to.
package struct RevKeenAccount: Sendable {
    package let name: String
    package let key: Secret
    /// Normalised: lower-case scheme and host, ends in `/v2`, no slash after it.
    package let baseURL: String
    /// From a sandbox key or on a staging host: every message says so.
    package let isStaging: Bool
    package let network: NetworkOptions
    /// Requests a minute that the host documents (staging 100, live 1000); nil for any other host.
    package let hostLimit: Int?

    /// - Parameters:
    ///   - key: `rk_live_…` or `rk_sandbox_…`; a host that is not RevKeen's own takes any key.
    ///   - baseURL: with or without `/v2`; nil chooses by the key's prefix. Plain `http` only to a loopback host.
    package static func make(
        name: String, key: Secret, baseURL: String?, network: NetworkOptions
    ) -> Result<RevKeenAccount, AccountFault> {
        do throws(AccountFault) {
            let kind = try KeyKind(key)
            let base = if let baseURL { try BaseURL(baseURL) } else { try kind.home() }
            try base.host.check(kind)
            return .success(
                RevKeenAccount(
                    name: name, key: key, baseURL: base.text, isStaging: kind == .sandbox || base.host.isStaging, network: network,
                    hostLimit: base.host.limit))
        } catch {
            return .failure(error)
        }
    }
}

/// Why an account cannot be: text for the configuration's errors, which never holds the key or the URL.
package struct AccountFault: Error, Sendable, Equatable {
    /// The key of the configuration that is wrong.
    package enum Field: String, Sendable {
        case key = "api_key"
        case baseURL = "base_url"
    }

    package var field: Field
    package var text: String
    package var expected: String

    init(_ field: Field, _ text: String, expected: String) {
        self.field = field
        self.text = text
        self.expected = expected
    }
}

/// What a key's prefix says of it.
enum KeyKind: Equatable {
    case live, sandbox, other

    init(_ key: Secret) throws(AccountFault) {
        let text = key.reveal()
        let expected = "a key that begins with rk_live_ or rk_sandbox_"
        guard !text.isEmpty else { throw AccountFault(.key, "the key is empty", expected: expected) }
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw AccountFault(.key, "the key holds a space, a line break or a character beyond ASCII", expected: expected)
        }
        // `rk_test_` is how older pages of RevKeen write a sandbox key.
        self =
            text.hasPrefix("rk_live_")
            ? .live
            : text.hasPrefix("rk_sandbox_") || text.hasPrefix("rk_test_") ? .sandbox : .other
    }

    /// Where a key belongs if nothing else is said. Source: https://docs.revkeen.com/docs/getting-started/environments
    func home() throws(AccountFault) -> BaseURL {
        switch self {
        case .live: try BaseURL("https://api.revkeen.com/v2")
        case .sandbox: try BaseURL("https://staging-api.revkeen.com/v2")
        case .other:
            throw AccountFault(
                .key, "the key's prefix does not say where it belongs",
                expected: "a key that begins with rk_live_ or rk_sandbox_, or a base_url")
        }
    }
}

extension BaseURL.Host {
    /// Refuses a live key at a staging host and the reverse.
    fileprivate func check(_ kind: KeyKind) throws(AccountFault) {
        switch (self, kind) {
        case (.live, .sandbox):
            throw AccountFault(.baseURL, "a sandbox key with the live host", expected: "https://staging-api.revkeen.com/v2")
        case (.staging, .live), (.mock, .live):
            throw AccountFault(.baseURL, "a live key with a host for tests", expected: "https://api.revkeen.com/v2")
        default: break
        }
    }
}
