/// The address if its scheme is safe for a link (`http`, `https` or `mailto`); nil otherwise.
package func safeLink(_ address: String) -> String? {
    let lower = address.lowercased()
    return ["http://", "https://", "mailto:"].contains { lower.hasPrefix($0) } ? address : nil
}
