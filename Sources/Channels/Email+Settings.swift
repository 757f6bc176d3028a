import RelayCore
import RelaySupport
import Transport

extension Email {
    /// The dialect of the HTML part: it escapes the five characters that can start markup.
    static let htmlDialect = Dialect(
        name: "html", escape: Entities.attributes.escape, unit: Entities.attributes.unit, quote: Dialect.Quote(""))

    /// The only value of `tls:`. If the key is missing, the scheme of `server` decides.
    enum TLS: String, CaseIterable { case starttls }
}

extension ConfigSection {
    /// Reads `server`, `tls`, `username`, `password`, `login_options` and `ehlo`. Returns nil if any of them is wrong.
    func mailServer(_ basics: DestinationBasics) -> MailServer? {
        let address = mailServerAddress(basics)
        let tls = word("tls", Email.TLS.self)
        let username = string("username")
        let password = secret("password")
        let options = token("login_options", "such as AUTH=PLAIN") { $0.hasPrefix("AUTH=") && $0.utf8.allSatisfy(isOption) }
        let ehlo = token("ehlo", "a host name") { $0.utf8.count <= 255 && $0.utf8.allSatisfy(isHostName) }
        let isPaired = pair("username", username != nil, "password", password != nil)
        guard let address, isPaired, string("tls") == nil || tls != nil, string("login_options") == nil || options != nil,
            string("ehlo") == nil || ehlo != nil, let security = security(of: address, tls: tls, basics)
        else { return nil }
        guard password == nil || security != .plain || address.isLoopback else {
            note(
                "password", "\(path).password would be sent in the clear",
                expected: "smtps://, or smtp:// without allow_plain: true")
            return nil
        }
        return MailServer(
            host: address.host, port: address.port ?? (security == .implicit ? 465 : 587), security: security, username: username,
            password: password, loginOptions: options, ehlo: ehlo, network: basics.network)
    }

    private func mailServerAddress(_ basics: DestinationBasics) -> WebAddress? {
        let expected = "smtps://HOST:465 or smtp://HOST:587"
        guard let text = required("server", expected) else { return nil }
        guard let address = WebAddress(text), ["smtps", "smtp"].contains(address.scheme) else {
            note("server", "\(path).server is no address that can be used", expected: expected + ", without name or password in it")
            return nil
        }
        guard basics.network.allowLinkLocal || !address.isRefused else {
            note("server", "\(path).server \(Self.isNotSentTo)", expected: Self.elsewhere)
            return nil
        }
        return address
    }

    /// Requires STARTTLS wherever the connection does not start with TLS, except on loopback and where `allow_plain` is set.
    private func security(of address: WebAddress, tls: Email.TLS?, _ basics: DestinationBasics) -> MailServer.Security? {
        switch (address.scheme, tls) {
        case ("smtps", .starttls):
            note("tls", "\(path).tls asks for STARTTLS after smtps://", expected: "smtp:// with tls: starttls, or smtps:// alone")
            return nil
        case ("smtps", nil):
            if address.port == 587 {
                note(
                    "server", "\(path).server speaks TLS from the first byte at port 587, where servers expect STARTTLS",
                    expected: "smtp://HOST:587, or smtps://HOST:465", isWarning: true)
            }
            return .implicit
        case (_, .starttls): return .startTLS
        case (_, nil): return address.isLoopback || basics.allowPlain ? .plain : .startTLS
        }
    }

    private func pair(_ a: String, _ hasA: Bool, _ b: String, _ hasB: Bool) -> Bool {
        if hasA && !hasB { missing(b, "the one that belongs to \(a)") }
        if hasB && !hasA { missing(a, "the one that belongs to \(b)") }
        return hasA == hasB
    }

    private func token(_ key: String, _ expected: String, _ isGood: (String) -> Bool) -> String? {
        guard let text = string(key) else { return nil }
        if isGood(text) { return text }
        wrong(key, expected)
        return nil
    }

    func mailAddress(_ key: String, required isRequired: Bool) -> MailAddress? {
        let expected = "an address such as relay@example.com or \"Relay <relay@example.com>\""
        guard let text = isRequired ? required(key, expected) : string(key) else { return nil }
        if let address = MailAddress(parsing: text) { return address }
        wrong(key, expected)
        return nil
    }

    /// At least one address, and no address twice. Returns nil if one is wrong.
    func recipients(_ key: String) -> [MailAddress]? {
        let expected = "addresses such as [ops@example.com]"
        guard let written = places(key), !written.isEmpty else {
            missing(key, expected)
            return nil
        }
        var addresses: [MailAddress] = []
        for entry in written {
            guard let address = MailAddress(parsing: entry.text) else {
                problems.add(Problem(entry.place, "\(path).\(key) holds \(entry.shown)", expected: "a mail address"))
                continue
            }
            if addresses.contains(where: { $0.address.lowercased() == address.address.lowercased() }) {
                problems.add(Problem(entry.place, "\(path).\(key) holds \(address.address) twice", expected: "each address once"))
            }
            addresses.append(address)
        }
        let distinct = Set(addresses.map { $0.address.lowercased() })
        return distinct.count == written.count ? addresses : nil
    }
}

private func isOption(_ byte: UInt8) -> Bool { byte.isAlphanumeric || "=;*+-_".utf8.contains(byte) }
/// The bytes of a host name or of an address literal (RFC 5321 §4.1.3).
private func isHostName(_ byte: UInt8) -> Bool { byte.isAlphanumeric || ".-[]:".utf8.contains(byte) }
