extension Dialect {
    /// Text inside HTML and inside its quoted attributes.
    /// A cut never splits an entity.
    package static let html = Dialect(
        name: "html",
        escape: { text in
            var out = ""
            out.reserveCapacity(text.utf8.count)
            for scalar in text.unicodeScalars {
                switch scalar {
                case "&": out += "&amp;"
                case "<": out += "&lt;"
                case ">": out += "&gt;"
                case "\"": out += "&quot;"
                case "'": out += "&#39;"
                default: out.unicodeScalars.append(scalar)
                }
            }
            return out
        },
        unit: { text in
            guard text.first == "&", let end = text.prefix(8).firstIndex(of: ";") else {
                return text.first.map { String($0).utf8.count } ?? 0
            }
            return text[...end].utf8.count
        }, quote: Quote(""))
}
