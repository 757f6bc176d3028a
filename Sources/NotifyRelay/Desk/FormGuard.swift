import Crypto
import RelayCore
import RelaySupport

/// Tells a form that was posted from one of our pages from one that another site posts in the reader's name.
///
/// A page's form bears a signature over the page, the reader and a random value, which the browser also keeps as a cookie. Another site can
/// neither read nor set the cookie.
struct FormGuard: Sendable {
    let keys: LinkKeys
    /// The address at which people reach us, without a slash at its end.
    let publicURL: String

    private static let cookie = "notify_relay_form"

    /// The random value of the reader's browser, or a new one.
    func nonce(_ request: PublicRequest) -> String {
        known(request) ?? base64URL(SymmetricKey(size: .bits128).withUnsafeBytes { Array($0) })
    }

    /// The header that makes the browser keep the value.
    func header(_ nonce: String) -> (name: String, value: String) {
        ("Set-Cookie", "\(Self.cookie)=\(nonce); Path=/; HttpOnly; SameSite=Lax\(publicURL.hasPrefix("https://") ? "; Secure" : "")")
    }

    /// The signature that the form bears.
    ///
    /// - Parameter page: what the form belongs to: a link's token, or the path of a page with its reader.
    func mark(of page: String, _ nonce: String) -> String { base64URL(keys.sign(Self.text(page, nonce), for: .form).signature) }

    func isFromThePage(_ request: PublicRequest, _ page: String, csrf given: String) -> Bool {
        if let origin = request.header("origin"), origin != self.origin { return false }
        if let site = request.header("sec-fetch-site"), site != "same-origin" { return false }
        guard let nonce = known(request), let signature = bytes(base64URL: given) else { return false }
        return keys.verifies(signature, of: Self.text(page, nonce), for: .form)
    }

    private static func text(_ page: String, _ nonce: String) -> String { "\(nonce)\n\(page)" }

    private var origin: String {
        let rest = publicURL.lowercased().split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
        guard rest.count > 2 else { return publicURL }
        var host = String(rest[2].prefix { $0 != "/" })
        // Browsers write an origin in lower case and without the scheme's own port.
        let usual = rest[0] == "https:" ? ":443" : ":80"
        if host.hasSuffix(usual) { host.removeLast(usual.count) }
        return "\(rest[0])//\(host)"
    }

    private func known(_ request: PublicRequest) -> String? {
        request.cookie(Self.cookie).flatMap { bytes(base64URL: $0)?.count == 16 ? $0 : nil }
    }
}

extension PublicRequest {
    /// The value of a cookie; nil if the browser sent none of that name, or several.
    func cookie(_ name: String) -> String? {
        let pairs = headers.filter { $0.name == "cookie" }.flatMap { $0.value.split(separator: ";") }.map { String($0).trimmed }
        let found = pairs.filter { $0.hasPrefix(name + "=") }
        return found.count == 1 ? String(found[0].dropFirst(name.count + 1)) : nil
    }
}
