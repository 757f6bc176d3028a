extension StringProtocol {
    /// The text with its HTML entities decoded.
    /// `&amp;` is decoded last, so that `&amp;lt;` becomes `&lt;`.
    ///
    /// - Parameter others: the entities that the service knows besides `&lt;`, `&gt;` and `&amp;`.
    func readingEntities(_ others: KeyValuePairs<String, String> = [:]) -> String {
        var text = String(self).replacing("&lt;", with: "<").replacing("&gt;", with: ">")
        for (entity, character) in others { text = text.replacing(entity, with: character) }
        return text.replacing("&amp;", with: "&")
    }
}
