import RelayCore
import RelaySupport

@testable import NotifyRelay

/// One configuration text, read as `relay.yaml` of `/etc/relay`.
struct Reading {
    static let environment = ["KEY": "rk_live_s3cr3tvalue", "URL": "https://hooks.slack.com/s3cr3tvalue"]
    /// The contents of the files that `${file:…}` can read; no other file exists.
    static let files = [
        "/secret": "from a file\n", "/etc/relay/beside": "beside the file\r\n", "/two-lines": "one\ntwo\n\n", "/empty": "\n",
        "/key": "rk_live_s3cr3tvalue\n",
    ]

    let configuration: Configuration?
    let problems: [Problem]

    init(_ text: String, environment: [String: String] = environment) {
        (configuration, problems) = Configuration.load(
            text: text, file: "relay.yaml", folder: "/etc/relay", environment: environment, readFile: { Self.files[$0] })
    }

    /// Reads a valid file with some lines added to its end.
    init(adding more: String, environment: [String: String] = environment) {
        self.init(Self.small + "\n" + more, environment: environment)
    }

    /// A valid file of seven lines.
    static let small = """
        accounts:
          live: {api_key: "${KEY}"}
        destinations:
          ops: {type: slack, url: "${URL}"}
          screen: {type: console}
        routes:
          - {name: all, to: [ops]}
        """

    /// The problems as `check` prints them.
    var lines: [String] { problems.map(\.description) }
}
