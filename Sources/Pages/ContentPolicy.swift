/// What a browser may load and do for a page, as a Content-Security-Policy says it.
/// Whatever is not named is forbidden. Only the desk runs a script, which is a file of its own origin; no page runs one that stands in it.
/// Source: https://www.w3.org/TR/CSP3/
package struct ContentPolicy: Sendable {
    package enum Source: Sendable {
        /// The page's own origin.
        case own
        /// `data:` addresses.
        case data
        /// The one style with this hash.
        case hash(String)
        /// Any style that stands in the page.
        case anyInline

        fileprivate var text: String {
            switch self {
            case .own: "'self'"
            case .data: "data:"
            case .hash(let hash): "'\(hash)'"
            case .anyInline: "'unsafe-inline'"
            }
        }
    }

    package enum SandboxPermission: String, Sendable {
        case popups = "allow-popups"
        /// A page that opens in a new tab is not sandboxed.
        case popupsEscape = "allow-popups-to-escape-sandbox"
    }

    package var styles: [Source] = []
    package var scripts: [Source] = []
    /// Where a script may connect to.
    package var connections: [Source] = []
    package var images: [Source] = []
    package var frames: [Source] = []
    /// Where forms may be sent.
    package var forms: [Source] = []
    /// Which pages may show this one in a frame.
    package var embedders: [Source] = []
    /// What the page may do in its sandbox; nil means that it has no sandbox.
    package var sandbox: [SandboxPermission]?

    package init() {}

    package var text: String {
        // These fall back to `default-src`; forms, the base address and embedders do not.
        let fetched = [
            ("style-src", styles), ("script-src", scripts), ("connect-src", connections), ("img-src", images), ("frame-src", frames),
        ].filter { !$0.1.isEmpty }
        let others: [(String, [Source])] = [("form-action", forms), ("frame-ancestors", embedders), ("base-uri", [])]
        var directives = ["default-src 'none'"] + (fetched + others).map { Self.directive($0, $1) }
        if let sandbox { directives.append((["sandbox"] + sandbox.map(\.rawValue)).joined(separator: " ")) }
        return directives.joined(separator: "; ")
    }

    private static func directive(_ name: String, _ sources: [Source]) -> String {
        "\(name) \(sources.isEmpty ? "'none'" : sources.map(\.text).joined(separator: " "))"
    }
}
