import Channels
import Policy
import RelayCore
import RelaySupport

/// Checks what one section of the file requires of another.
extension ConfigurationReader {
    func checkReferences(_ configuration: Configuration) {
        for name in root.places("health_to") ?? [] { checkDestination(name) }
        checkAbilities(configuration)
        checkDeciding(configuration)
        checkFormerNames(root.named("destinations").map { ($0.name, $0.section) }, "destinations")
        checkFormerNames(root.named("accounts").map { ($0.name, $0.section) }, "accounts")
    }

    /// Checks that destinations can do what routes and their own settings ask of them.
    private func checkAbilities(_ configuration: Configuration) {
        let abilities = Dictionary(
            configuration.destinations.compactMap { settings in settings.abilities.map { (settings.name, $0) } }, uniquingKeysWith: { $1 })
        for route in configuration.routes {
            guard let place = route.mentionPlace else { continue }
            for name in route.to where abilities[name]?.mention == false {
                problems.add(
                    Problem(
                        place, "routes.\(route.name).mention: destination \(name) can call nobody",
                        expected: "a destination whose type can (notify-relay channels)", isWarning: true))
            }
        }
        for settings in configuration.destinations {
            guard let most = settings.abilities?.mostWidth, settings.width > most else { continue }
            problems.add(
                Problem(
                    settings.place, "destinations.\(settings.name).width is \(settings.width)",
                    expected: "at most \(most) for type \(settings.type)"))
        }
    }

    /// Checks that working hours and the public side exist where reminders and buttons need them.
    private func checkDeciding(_ configuration: Configuration) {
        let working = Set(configuration.destinations.filter { $0.working != nil }.map(\.name))
        for (route, section) in zip(configuration.routes, root.sections("routes")) {
            guard route.reminders?.isWorkingTime == true else { continue }
            for name in route.to where !working.contains(name) {
                section.note(
                    "remind_clock", "\(section.path).remind_clock is working, and destination \(name) has no working hours",
                    expected: "destinations.\(name).working: {from, to}")
            }
        }
        for (name, _, section) in root.named("destinations") {
            for key in ["signing_secret", "public_key"] where section.holds(key) && configuration.server.publicListen == nil {
                section.note(
                    key, "destinations.\(name).\(key) makes buttons, and nothing hears them", expected: "server.public_listen",
                    isWarning: true)
            }
        }
    }

    /// Checks `was:`, which takes over what the store keeps under a former name. No other entry may have or claim that name.
    private func checkFormerNames(_ entries: [(name: String, section: ConfigSection)], _ what: String) {
        var claimed = Set<String>()
        for (name, section) in entries {
            guard let was = section.string("was") else { continue }
            if entries.contains(where: { $0.name == was }) {
                section.note(
                    "was", "\(what).\(name).was is '\(was.prefix(32))', which is there itself", expected: "a name that left the file")
            } else if !claimed.insert(was).inserted {
                section.note("was", "\(what).\(name).was claims '\(was.prefix(32))' a second time", expected: "a name for one of them")
            }
        }
    }

    /// The names of all destinations in the file, also of those with errors.
    var destinationNames: [String] { keys(of: "destinations") }

    /// The names in one mapping of the file, also of entries with errors.
    func keys(of mapping: String) -> [String] {
        guard let node = root.node(mapping), case .mapping(let entries) = node.content else { return [] }
        return entries.map(\.key)
    }

    func checkDestination(_ name: WrittenText) {
        let names = destinationNames
        guard !names.contains(name.text) else { return }
        let choice = ConfigNode.showable(names)
        problems.add(
            Problem(
                name.place, "no destination is called \(name.shown)",
                expected: choice.isEmpty ? nil : "one of \(choice.joined(separator: ", "))", meant: nearest(name.text, in: choice)))
    }
}
