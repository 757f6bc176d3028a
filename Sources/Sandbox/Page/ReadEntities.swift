extension StringProtocol {
    /// The text as an app reads what was escaped for it. `&amp;` last, so that `&amp;lt;` reads as `&lt;`.
    ///
    /// - Parameter others: the entities that the service knows beside `&lt;`, `&gt;` and `&amp;`.
    func readingEntities(_ others: KeyValuePairs<String, String> = [:]) -> String {
        var text = String(self).replacing("&lt;", with: "<").replacing("&gt;", with: ">")
        for (entity, character) in others { text = text.replacing(entity, with: character) }
        return text.replacing("&amp;", with: "&")
    }
}
