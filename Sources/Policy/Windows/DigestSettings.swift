package import RelayCore
package import RelaySupport

/// An entry of `digests`: a message that collects events until its schedule says so.
package struct DigestSettings: Sendable, Equatable {
    package var name: String
    /// Where the digest stands in the file, for diagnostics.
    package var place: Place
    package var schedule: Recurrence
    package var to: [String]
    /// The digest is sent even if there is nothing to tell.
    package var sendEmpty = false
    /// The digest shows events in full even if they were told at once.
    package var tellAgain = false
    /// The digest lists the open approvals.
    package var waiting = false

    package init(name: String, place: Place, schedule: Recurrence, to: [String]) {
        self.name = name
        self.place = place
        self.schedule = schedule
        self.to = to
    }
}
