/// HTML that somebody else wrote, such as that of a mail. It is served as it is, where it can do no harm: no script, no form and nothing
/// from elsewhere works, and only pages of its own origin can show it in a frame.
package struct ForeignPage: Sendable {
    private let written: String

    package init(_ html: String) { written = html }

    /// The document with a base target, because a link would otherwise open within the frame, where the policy blocks it.
    package var html: String {
        let base = "<base target=\"_blank\">"
        let halves = written.split(separator: "<head>", maxSplits: 1, omittingEmptySubsequences: false)
        return halves.count == 2 ? "\(halves[0])<head>\(base)\(halves[1])" : written.hasPrefix("<!") ? written : base + written
    }

    package var headers: [(name: String, value: String)] {
        var policy = ContentPolicy()
        policy.styles = [.anyInline]
        policy.images = [.data]
        policy.embedders = [.own]
        policy.sandbox = [.popups, .popupsEscape]
        return [
            ("Content-Type", "text/html; charset=utf-8"), ("Content-Security-Policy", policy.text), ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "no-referrer"),
        ]
    }
}
