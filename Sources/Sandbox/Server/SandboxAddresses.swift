/// The addresses of a running sandbox.
package struct SandboxAddresses: Sendable, Equatable {
    package var host: String
    package var httpPort: Int
    package var smtpPort: Int

    /// The base URL of the stand-in API: `http://127.0.0.1:P/v2`.
    package var api: String { "\(http)/v2" }
    /// The page that shows the received messages.
    package var inbox: String { "\(http)/" }
    /// The address of the issuer that signs people in.
    package var issuer: String { "\(http)/issuer" }
    package var slackHook: String { "\(http)/hooks/slack/T/B/x" }
    package var webhook: String { webhook("relay") }
    package var smtp: String { "smtp://\(host):\(smtpPort)" }

    /// The base URL of a service's double.
    package func service(_ kind: InboxMessage.Kind) -> String { "\(http)/hooks/\(kind.rawValue)" }

    package func webhook(_ name: String) -> String { "\(http)/hooks/web/\(name)" }

    private var http: String { "http://\(host):\(httpPort)" }
}
