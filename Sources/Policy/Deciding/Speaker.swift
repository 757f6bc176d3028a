/// The person who decides, the way in they use, and the place they decide from.
package struct Speaker: Sendable, Equatable {
    /// A name of `people:`; nil if they are not known.
    package var person: String?
    /// The name in the audit for a person who is not known.
    package var fallbackName: String
    /// `command line`, `link`, `slack`, …
    package var way: String
    /// The destination where they read the request; nil for the command line.
    package var destination: String?
    /// Where they speak from: their IP address, or their user id on this machine; nil where there is neither.
    package var address: String?
    /// False if the link was sent to somebody who is no recipient of the destination any more. They only read.
    package var isRecipient = true
    /// They are signed in, so they decide as themselves wherever they read.
    package var isSignedIn = false
    /// People can sign in here, and who this is is not known. They must sign in to decide.
    package var mustSignIn = false

    package init(person: String?, fallbackName: String, way: String, destination: String?, address: String?) {
        self.person = person
        self.fallbackName = fallbackName
        self.way = way
        self.destination = destination
        self.address = address
    }

    /// The name that pages and the audit show.
    package var name: String { person ?? fallbackName }
    /// The way in and the destination, as the audit shows them.
    package var via: String { destination.map { "\(way) (\($0))" } ?? way }
}
