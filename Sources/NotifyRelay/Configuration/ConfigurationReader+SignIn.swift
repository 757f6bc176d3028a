import RelayCore
import RelaySupport
import SignIn
import Transport

/// Reads how people sign in.
extension ConfigurationReader {
    func signIn(_ server: ConfigSection, _ read: Configuration.Server) -> SignInSettings? {
        guard let section = server.section("sign_in") else { return nil }
        defer { section.finish() }
        var settings = SignInSettings()
        settings.oidc = oidc(section)
        settings.header = proxyHeader(section)
        if let session = section.duration("session") {
            settings.session = session
            if session < .seconds(60) || session > .seconds(30 * 86_400) {
                section.wrong("session", "a duration from 1m to 30d, such as 12h")
            }
        }
        if section.node("oidc") == nil, section.node("header") == nil {
            section.missing("oidc", "an issuer, or a header that a proxy sets")
        }
        if read.publicURL == nil, server.node("public_url") == nil {
            server.missing("public_url", "https://… as people reach it, because they come back to it after signing in")
        }
        if settings.header != nil, server.node("trusted") == nil {
            server.note(
                "sign_in", "a proxy signs people in and is not in server.trusted, so all of them share the 64 connections of one address",
                expected: "trusted: with the addresses of header.from", isWarning: true)
        }
        return settings
    }

    private func oidc(_ signIn: ConfigSection) -> OIDCSettings? {
        guard let section = signIn.section("oidc") else { return nil }
        defer { section.finish() }
        let issuer = section.required("issuer", "the issuer as it writes itself, such as https://login.example.com")
        let client = section.required("client_id", "the id under which the issuer knows this relay")
        let network = NetworkOptions(
            caFile: section.string("ca_file").map(absolute), proxy: proxy(section),
            allowLinkLocal: section.bool("allow_link_local", default: false))
        let secret = section.secret("client_secret")
        guard let issuer, let client else { return nil }
        guard let address = WebAddress(issuer), ["https", "http"].contains(address.scheme), !issuer.contains("?"), !issuer.contains("#")
        else {
            section.wrong("issuer", "https://… without ? and #")
            return nil
        }
        if address.scheme == "http", !address.isLoopback {
            section.note(
                "issuer", "server.sign_in.oidc.issuer is plain: whoever listens on the way can sign in as anybody", expected: "https://…")
        }
        return OIDCSettings(issuer: issuer, clientID: client, clientSecret: secret, network: network)
    }

    private func proxyHeader(_ signIn: ConfigSection) -> SignInSettings.ProxyHeader? {
        guard let section = signIn.section("header") else { return nil }
        defer { section.finish() }
        let name = section.required("name", "the header in which the proxy names the person, such as X-Forwarded-Email")
        var from: [AddressBlock] = []
        for text in section.places("from") ?? [] {
            if let block = AddressBlock(text.text) {
                from.append(block)
            } else {
                problems.add(
                    Problem(
                        text.place, "server.sign_in.header.from: \(text.shown) is no address or block of addresses",
                        expected: "CIDR, such as 10.0.0.0/8 or 192.0.2.7"))
            }
        }
        if section.node("from") == nil {
            section.missing("from", "the addresses of the proxy: from anywhere else the header could be forged")
        }
        guard let name, name.utf8.allSatisfy({ $0.isAlphanumeric || $0 == UInt8(ascii: "-") }), !name.isEmpty else {
            if name != nil { section.wrong("name", "the name of a header, such as X-Forwarded-Email") }
            return nil
        }
        return SignInSettings.ProxyHeader(name: name.lowercased(), from: from)
    }
}
