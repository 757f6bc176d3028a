import RelayCore
package import RelaySupport
package import Transport

/// An API key and the one host that it is sent to.
package struct RevKeenAccount: Sendable {
    package let name: String
    package let key: Secret
    /// The normalised base URL: lower-case scheme and host, `/v2` at the end, no slash after it.
    package let baseURL: String
    /// The key is a sandbox key, or the host is a staging host.
    /// Every message says so.
    package let isStaging: Bool
    package let network: NetworkOptions
    /// The limit that the host documents, in requests per minute (staging 100, live 1000); nil for any other host.
    package let hostLimit: Int?

    /// Creates an account, or reports why the key or the URL cannot be used.
    ///
    /// - Parameters:
    ///   - key: `rk_live_…` or `rk_sandbox_…`; a host that is not RevKeen's own accepts any key.
    ///   - baseURL: with or without `/v2`; nil selects the host by the key's prefix. Plain `http` is allowed only to a loopback host.
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

/// Why an account is invalid, as text for configuration errors.
/// The text never contains the key or the URL.
package struct AccountFault: Error, Sendable, Equatable {
    /// The configuration key that is wrong.
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

/// The kind of a key, from its prefix.
enum KeyKind: Equatable {
    case live, sandbox, other

    init(_ key: Secret) throws(AccountFault) {
        let text = key.reveal()
        let expected = "a key that begins with rk_live_ or rk_sandbox_"
        guard !text.isEmpty else { throw AccountFault(.key, "the key is empty", expected: expected) }
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw AccountFault(.key, "the key holds a space, a line break or a character beyond ASCII", expected: expected)
        }
        // Older RevKeen pages write a sandbox key as `rk_test_`.
        self =
            text.hasPrefix("rk_live_")
            ? .live
            : text.hasPrefix("rk_sandbox_") || text.hasPrefix("rk_test_") ? .sandbox : .other
    }

    /// The default base URL for a key.
    /// Source: https://docs.revkeen.com/docs/getting-started/environments
    ///
    /// - Throws: `AccountFault` if the prefix does not select a host.
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
    /// Refuses a live key at a staging host, and a sandbox key at the live host.
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
