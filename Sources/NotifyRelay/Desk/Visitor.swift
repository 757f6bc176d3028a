import RelayCore

/// Who asks for a page.
enum Visitor: Sendable, Equatable {
    /// The request has no session, or none that counts.
    case nobody
    /// Somebody is signed in whom `people:` does not have.
    case stranger(email: String)
    case person(Person)

    /// A person of `people:`.
    var person: Person? { if case .person(let person) = self { person } else { nil } }
}
