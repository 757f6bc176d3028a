import CPostgres
import Glibc

/// Where a database is, as libpq's URI says it: https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS
///
/// What the URI does not say comes from libpq's environment (`PGPASSWORD`, `PGSSLROOTCERT`, …).
package struct PostgresAddress: Sendable, Equatable {
    /// The settings of the URI by libpq's keywords. One of them may be a password.
    private let settings: [String: String]

    package static func isOne(_ text: String) -> Bool { text.hasPrefix("postgresql://") || text.hasPrefix("postgres://") }

    /// Nil if libpq does not understand the URI. Its own message may hold a password, so it is not passed on.
    package init?(_ uri: String) {
        guard Self.isOne(uri), let options = PQconninfoParse(uri, nil) else { return nil }
        defer { PQconninfoFree(options) }
        var settings: [String: String] = [:]
        var option = options
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val { settings[String(cString: keyword)] = String(cString: value) }
            option += 1
        }
        // An unescaped @ or / of a password would make its end a part of what is shown.
        let host = settings["host"] ?? "", database = settings["dbname"] ?? "", ports = settings["port"] ?? ""
        guard !host.dropFirst().contains("@"), !database.contains("@"), ports.allSatisfy({ $0.isNumber || $0 == "," }) else { return nil }
        self.settings = settings
    }

    /// The URI without a password and without options, as logs and errors show it.
    package var shown: String {
        let user = value("user", "PGUSER").map { $0 + "@" } ?? ""
        let host = value("host", "PGHOST") ?? value("hostaddr", "PGHOSTADDR") ?? ""
        let port = value("port", "PGPORT").map { ":" + $0 } ?? ""
        let database = value("dbname", "PGDATABASE").map { "/" + $0 } ?? ""
        let shown = isSocket(host) ? "" : host.contains(":") && !host.contains(",") ? "[\(host)]" : host
        return "postgresql://\(user)\(shown)\(port)\(database)" + (isSocket(host) ? "?host=\(host)" : "")
    }

    var hasSeveralHosts: Bool { (value("hostaddr", "PGHOSTADDR") ?? value("host", "PGHOST") ?? "").contains(",") }

    /// How the connection is protected if neither the URI nor the environment says it; nil if one of them does, or if nothing leaves the
    /// machine.
    var ownTLSMode: String? { value("sslmode", "PGSSLMODE") == nil && !isLocal ? "verify-full" : nil }

    /// A text for people if the connection may be read or changed on its way; nil if it cannot.
    package var weakness: String? {
        guard !isLocal else { return nil }
        let mode = value("sslmode", "PGSSLMODE") ?? "verify-full"
        switch mode {
        case "verify-full": return nil
        case "verify-ca": return "sslmode=verify-ca does not check the name of the server: use verify-full"
        default: return "sslmode=\(mode) does not prove who the server is, so somebody between can read along: use verify-full"
        }
    }

    /// How the connection is protected, for people.
    package var protection: String {
        isLocal ? "it stays on this machine" : "the server must prove who it is, and nobody can read along (sslmode=verify-full)"
    }

    private var isLocal: Bool {
        let host = value("hostaddr", "PGHOSTADDR") ?? value("host", "PGHOST") ?? ""
        let hosts = host.isEmpty ? [""] : host.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        return hosts.allSatisfy { $0.isEmpty || isSocket($0) || $0 == "localhost" || $0 == "::1" || Self.isLoopback($0) }
    }

    private func isSocket(_ host: String) -> Bool { host.hasPrefix("/") || host.hasPrefix("@") }

    private static func isLoopback(_ host: String) -> Bool {
        var address = in_addr()
        return inet_pton(AF_INET, host, &address) == 1 && UInt32(bigEndian: address.s_addr) >> 24 == 127
    }

    private func value(_ keyword: String, _ variable: String) -> String? {
        if let value = settings[keyword], !value.isEmpty { return value }
        return getenv(variable).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The keywords and values for libpq, with our defaults where the URI is silent.
    func withParameters<Result>(
        _ body: (UnsafePointer<UnsafePointer<CChar>?>, UnsafePointer<UnsafePointer<CChar>?>) -> Result
    ) -> Result {
        let all = Self.defaults.merging(tlsDefaults) { $1 }.merging(settings) { $1 }.merging(Self.fixed) { $1 }.sorted { $0.key < $1.key }
        var texts: [UnsafeMutablePointer<CChar>] = []
        defer { texts.forEach { free($0) } }
        func pointers(_ list: [String]) -> [UnsafePointer<CChar>?] {
            list.map { text in
                let copy = strdup(text)
                if let copy { texts.append(copy) }
                return copy.map { UnsafePointer($0) }
            } + [nil]
        }
        let keys = pointers(all.map(\.key)), values = pointers(all.map(\.value))
        return keys.withUnsafeBufferPointer { keys in
            values.withUnsafeBufferPointer { values in
                guard let keys = keys.baseAddress, let values = values.baseAddress else { preconditionFailure("the lists are never empty") }
                return body(keys, values)
            }
        }
    }

    /// A connection that is dropped on its way is noticed within some 5 seconds.
    private static let defaults = [
        "application_name": "notify-relay", "connect_timeout": "5", "keepalives": "1", "keepalives_idle": "2",
        "keepalives_interval": "1", "keepalives_count": "3", "tcp_user_timeout": "5000", "target_session_attrs": "read-write",
    ]
    private static let fixed = ["client_encoding": "UTF8"]

    /// The list of authorities of the system, where libpq has none of its own.
    private var tlsDefaults: [String: String] {
        guard let mode = ownTLSMode else { return [:] }
        let system = "/etc/ssl/certs/ca-certificates.crt"
        let home = getenv("HOME").map { String(cString: $0) } ?? ""
        let hasOwn = value("sslrootcert", "PGSSLROOTCERT") != nil || access("\(home)/.postgresql/root.crt", R_OK) == 0
        return hasOwn || access(system, R_OK) != 0 ? ["sslmode": mode] : ["sslmode": mode, "sslrootcert": system]
    }
}
