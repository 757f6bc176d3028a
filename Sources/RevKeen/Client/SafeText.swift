import RelayCore
import RelaySupport

/// Makes text from outside safe for an error: one line, no credential, no URL, at most 300 characters.
struct SafeText {
    static let most = 300

    let key: Secret

    func clean(_ text: String) -> String {
        let words = text.repaired(most: 4000).split { $0 == " " || $0 == "\n" || $0 == "\t" }
        return words.map { withoutSecrets(String($0)) }.joined(separator: " ").cut(to: Self.most)
    }

    /// Replaces words that contain a URL or a key.
    /// A server may quote the key that it refused, whole or masked, so anything that looks like a key is replaced too.
    private func withoutSecrets(_ word: String) -> String {
        if word.contains("://") { return "<url>" }
        if !key.isEmpty && word.contains(key.reveal()) { return "<secret>" }
        return Self.prefixes.contains { word.lowercased().contains($0) } ? "<secret>" : word
    }

    private static let prefixes = ["rk_live_", "rk_sandbox_", "rk_test_", "rk_oauth_", "rkoa_"]
}

extension String {
    fileprivate func cut(to most: Int) -> String {
        unicodeScalars.count <= most ? self : String(String.UnicodeScalarView(unicodeScalars.prefix(most - 1))) + "…"
    }
}
