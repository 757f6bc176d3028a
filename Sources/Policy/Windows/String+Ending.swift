extension String {
    enum Part { case start, end }

    /// At most `most` Unicode scalars from one end; an ellipsis replaces the rest.
    func ending(most: Int, from part: Part = .end) -> String {
        guard unicodeScalars.count > most else { return self }
        return switch part {
        case .start: String(unicodeScalars.prefix(most - 1)) + "…"
        case .end: "…" + String(unicodeScalars.suffix(most - 1))
        }
    }
}
