import Channels
import Dedup
import Policy
import RelayCore
import RelaySupport

extension Configuration {
    /// What `check` warns of if people are told of approvals, and no link and no button lets them decide; nil if something does. The command
    /// line always does.
    var lackOfWayToDecide: Problem? {
        guard server.publicURL == nil else { return nil }
        let telling = routes.filter { $0.when.kind?.contains(.approval) ?? true }
        let told = Set(telling.flatMap(\.to))
        let people = destinations.filter { told.contains($0.name) && !Self.programs.contains($0.type) }
        let hasButtons = people.contains { $0.type == "telegram" || $0.plan?.callback != nil && server.publicListen != nil }
        guard let first = people.first, !hasButtons else { return nil }
        return Problem(
            first.place, "approvals are told to \(people.map(\.name).joined(separator: ", ")), and nobody can decide them from there",
            expected: "server.public_url for links, or buttons (docs/approvals.md); `notify-relay approvals` decides too", isWarning: true)
    }

    /// The missing key with which all relays of a database sign links, buttons and sessions; nil if none is missing. A file has its key
    /// beside it, and a database cannot.
    var lackOfLinkKey: Problem? {
        guard case .postgres = store, server.linkKeys.isEmpty, let place = storePlace else { return nil }
        let hasButtons = destinations.contains { $0.type == "telegram" || $0.plan?.callback != nil }
        guard server.publicListen != nil || server.publicURL != nil || server.signIn != nil || hasButtons else { return nil }
        return Problem(
            place, "store is a database, and server.link_key is missing, with which all its relays sign links, buttons and sessions",
            expected: "server.link_key of at least \(LinkKeys.leastBytes) bytes, the same for all of them")
    }

    /// What `check` says of the way to the database; nil if the store is a file.
    var storeProtection: String? {
        guard case .postgres(let address) = store else { return nil }
        return "store \(address.shown): \(address.weakness ?? address.protection)"
    }

    /// What `check` warns of if something is expected, and no route would tell that it did not happen; nil if one would.
    var lackOfAbsenceRoute: Problem? {
        guard let place = expectPlace, !expect.isEmpty, !routes.contains(where: \.when.mayFitAbsences) else { return nil }
        return Problem(
            place, "expect is set, and no route takes what is late, so nobody is told of it",
            expected: "a route such as {name: late, when: {kind: absence}, to: […]}", isWarning: true)
    }

    /// The types in whose messages nobody can press anything.
    private static let programs: Set<String> = ["console", "file", "webhook"]
}
