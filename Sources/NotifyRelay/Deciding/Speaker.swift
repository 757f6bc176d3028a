/// The person who decides, the way in they use, and the place they decide from.
struct Speaker: Sendable, Equatable {
    /// A name of `people:`; nil if they are not known.
    var person: String?
    /// The name in the audit for a person who is not known.
    var fallbackName: String
    /// `command line`, `link`, `slack`, …
    var way: String
    /// The destination where they read the request; nil for the command line.
    var destination: String?
    /// Their IP address; nil where there is none.
    var address: String?

    var name: String { person ?? fallbackName }
    var via: String { destination.map { "\(way) (\($0))" } ?? way }
}
