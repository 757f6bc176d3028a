import Channels
import RelayCore
import RelaySupport

/// Asks for what a first configuration needs. What it asks of a destination comes from the reader of its type.
struct InitDialogue {
    /// Asks one question and returns the answer without spaces around it; nil at the end of the input.
    let ask: (_ question: String) -> String?
    let say: (_ text: String) -> Void

    /// The end of the input, before everything was answered.
    struct Ended: Error {}

    /// Asks until an answer is good. An empty answer is the default; nil has none.
    private func answer<Value>(_ question: String, default fallback: String?, _ read: (String) -> Value?, else hint: String) throws -> Value
    {
        while true {
            guard let typed = ask("\(question)\(fallback.map { $0.isEmpty ? " [none]" : " [\($0)]" } ?? ""): ") else { throw Ended() }
            if let value = read(typed.isEmpty ? fallback ?? "" : typed) { return value }
            say(hint)
        }
    }

    func key() throws -> StarterFile.Reference {
        say("Secrets stay out of the file. It names a variable of the environment, or a file by a path that begins with /.")
        return try reference("Where is the API key of RevKeen?", default: "REVKEEN_API_KEY")
    }

    func type() throws -> String {
        let types = Catalogue.types.map(\.name)
        say("Types of destinations: \(types.joined(separator: ", "))")
        return try answer("Who is told first?", default: "slack", { types.contains($0) ? $0 : nil }, else: "name one of these types")
    }

    /// Asks for each key that a destination of the type needs.
    func values(of type: String) throws -> [(key: String, value: String)] {
        try ConfigurationSchema().needs(ofType: type).map { key, isSecret in
            if isSecret {
                return (key, try reference("\(type) needs `\(key)`: where is it?", default: "\(type)_\(key)".uppercased()).written)
            }
            return (key, try answer("\(type) needs `\(key)`", default: nil, { $0.isEmpty ? nil : $0 }, else: "it is needed"))
        }
    }

    /// The time of day; nil for no digest.
    func digestAt() throws -> String? {
        func read(_ typed: String) -> String?? {
            if typed == "none" || typed == "no" { return .some(nil) }
            guard DailyTime(typed) != nil else { return .none }
            return .some(typed)
        }
        return try answer("A digest of failed runs each day at", default: "08:00", read, else: "a time such as 08:00, or none")
    }

    func timeZone(default zone: String) throws -> String {
        try answer("In which time zone", default: zone, { TimeZoneName($0) == nil ? nil : $0 }, else: "a zone such as Europe/London")
    }

    /// Nil for no pages.
    func publicURL() throws -> String? {
        func read(_ typed: String) -> String?? {
            if typed.isEmpty { return .some(nil) }
            guard typed.hasPrefix("https://") else { return .none }
            return .some(typed)
        }
        return try answer(
            "The address of the pages to decide on, such as https://relay.example.com", default: "", read,
            else: "an address that begins with https://, or nothing")
    }

    private func reference(_ question: String, default fallback: String) throws -> StarterFile.Reference {
        try answer(
            question, default: fallback, StarterFile.Reference.init,
            else: "the name of a variable, such as \(fallback), or the path of a file; not the secret itself")
    }
}
