/// A first configuration with comments, as `init` writes it. It holds references to secrets and no secret.
struct StarterFile: Sendable, Equatable {
    /// Where a secret is: in a variable of the environment, or in a file.
    enum Reference: Sendable, Equatable {
        case variable(String)
        case file(String)

        /// Reads what a person typed: a path that begins with `/`, a name in capitals, or either of them inside `${…}`. Nil if it is none of
        /// these. Keys of RevKeen and of most services have small letters, so one that is typed by mistake is not taken for a name.
        init?(_ typed: String) {
            var text = Substring(typed)
            if text.hasPrefix("${"), text.hasSuffix("}") { text = text.dropFirst(2).dropLast() }
            if text.hasPrefix("file:") { text = text.dropFirst(5) }
            if text.hasPrefix("/") {
                guard !text.contains(where: { "\"}\n".contains($0) }) else { return nil }
                self = .file(String(text))
                return
            }
            let isName = text.first.map { $0 == "_" || ("A"..."Z").contains($0) } ?? false
            guard isName, text.allSatisfy({ $0 == "_" || ("A"..."Z").contains($0) || ("0"..."9").contains($0) }) else { return nil }
            self = .variable(String(text))
        }

        var written: String {
            switch self {
            case .variable(let name): "${\(name)}"
            case .file(let path): "${file:\(path)}"
            }
        }
    }

    var account = "live"
    var key = Reference.variable("REVKEEN_API_KEY")
    var destination = "ops"
    var type = "slack"
    /// The keys of the destination, in order; a value is a reference or a text.
    var values: [(key: String, value: String)] = []
    /// The time of day of a digest of failed runs; nil for none.
    var digestAt: String?
    var timeZone = "UTC"
    /// Where people reach the pages to decide on; nil if there are none.
    var publicURL: String?

    static func == (a: StarterFile, b: StarterFile) -> Bool { a.text == b.text }

    var text: String {
        """
        # NotifyRelay reads this file. `notify-relay check --connect` judges it; docs/configuration.md explains every key.
        time_zone: \(Self.quoted(timeZone))

        accounts:
          # The key needs the scopes automations:read, and automations:write to decide approvals.
          \(account): {api_key: \(Self.quoted(key.written))}

        destinations:
          \(destination):
            type: \(type)
        \(values.map { "    \($0.key): \(Self.quoted($0.value))" }.joined(separator: "\n"))

        # What is told to whom. An event goes to every route that it matches.
        routes:
          - {name: approvals, when: {kind: [approval, decision]}, to: [\(destination)], remind: [30m, 2h]}
          - {name: notifications, when: {kind: notification}, to: [\(destination)]}
          - {name: failures, when: {kind: run, outcome: failed}, to: [\(destination)]\(digestAt == nil ? "" : ", digest: [morning]")}
        \(digest)
        server:
          # Health, metrics and the desk, for this machine only.
          listen: "127.0.0.1:8080"
        \(publicSide)
        """
    }

    private var digest: String {
        guard let digestAt else { return "" }
        return """

            # One message about what failed anew, still fails and recovered.
            digests:
              morning: {at: \(Self.quoted(digestAt)), to: [\(destination)]}

            """
    }

    private var publicSide: String {
        guard let publicURL else {
            return """
                  # Pages to decide approvals on, behind a proxy with TLS (docs/deploying.md):
                  # public_listen: "127.0.0.1:8443"
                  # public_url: "https://relay.example.com"

                """
        }
        return """
              # Pages to decide approvals on. A proxy with TLS passes the address on to this port (docs/deploying.md).
              public_listen: "127.0.0.1:8443"
              public_url: \(Self.quoted(publicURL))

            """
    }

    /// A text in quotation marks, in which YAML changes nothing.
    private static func quoted(_ text: String) -> String {
        "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }
}
