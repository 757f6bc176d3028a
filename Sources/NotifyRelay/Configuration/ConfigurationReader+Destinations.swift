import Channels
import Crypto
import RelayCore
import RelaySupport
import Transport

extension ConfigurationReader {
    /// - Parameter zone: the time zone of hours where neither they nor their destination name one.
    func destinations(zone: TimeZoneName) -> [DestinationSettings] {
        root.named("destinations").compactMap { name, place, section in
            checkName(name, at: place, what: "a destination")
            let isTypeName = Catalogue.type(named: name) != nil
            defer { section.finish() }
            guard let type = section.required("type", "one of \(knownTypes.joined(separator: ", "))") else {
                // The type is missing, so the valid keys are unknown, and no key is reported.
                section.takeAll()
                return nil
            }
            if isTypeName && name != type {
                problems.add(Problem(place, "destination '\(name)' bears the name of another type", expected: "another name"))
            }
            return destination(name, place, type, section, zone: zone)
        }
    }

    private var knownTypes: [String] { Catalogue.types.map(\.name) }

    private func destination(
        _ name: String, _ place: Place, _ type: String, _ section: ConfigSection, zone fallbackZone: TimeZoneName
    ) -> DestinationSettings? {
        var settings = DestinationSettings(name: name, place: place, type: type, fingerprint: fingerprint("destinations", name))
        settings.room = fingerprint("destinations", name, of: Self.roomKeys)
        settings.width = section.integer("width", in: 1...64) ?? 1
        settings.giveUp = section.duration("give_up") ?? settings.giveUp
        settings.fallback = fallback(section, of: name)
        settings.was = section.string("was")
        settings.timeZone = zone(section, "time_zone")
        settings.pace = pace(section)
        let network = NetworkOptions(
            caFile: section.string("ca_file").map(absolute), proxy: proxy(section),
            allowLinkLocal: section.bool("allow_link_local", default: false))
        let basics = DestinationBasics(
            name: name, folder: folder, network: network, allowPlain: section.bool("allow_plain", default: false))
        settings.working = hours(section, "working", zone: settings.timeZone ?? fallbackZone, hasFloor: false)
        settings.quiet = quietHours(section, zone: settings.timeZone ?? fallbackZone)
        settings.ceiling = ceiling(section)
        if let known = Catalogue.type(named: type) {
            settings.plan = known.read(section, basics)
        } else {
            // The type is unknown, so the valid keys are unknown, and no key is reported.
            section.takeAll()
            section.note(
                "type", "\(section.shown("type")) is no type", expected: "one of \(knownTypes.joined(separator: ", "))",
                meant: nearest(type, in: knownTypes))
        }
        return settings
    }

    /// The proxy of a section; nil if it names none or none that can be used.
    func proxy(_ section: ConfigSection) -> Secret? {
        guard let text = section.string("proxy") else { return nil }
        guard ProxyAddress(text) != nil else {
            section.note("proxy", "\(section.path).proxy is no proxy", expected: ProxyAddress.expected)
            return nil
        }
        return Secret(text)
    }

    private func fallback(_ section: ConfigSection, of name: String) -> String? {
        guard let fallback = section.places("fallback")?.first else { return nil }
        checkDestination(fallback)
        if fallback.text == name { section.note("fallback", "destinations.\(name).fallback is itself", expected: "another destination") }
        return fallback.text
    }

    private func pace(_ section: ConfigSection) -> (burst: Int, every: Duration)? {
        guard let pace = section.section("pace") else { return nil }
        defer { pace.finish() }
        let burst = pace.integer("burst", in: 1...10_000) ?? 1
        guard let every = pace.duration("every") else {
            if pace.node("every") == nil { pace.missing("every", "a duration such as 1s") }
            return nil
        }
        return (burst, every)
    }

    /// The keys of all types that say which room a message goes to.
    private static let roomKeys: Set<String> = [
        "type", "url", "server", "api_url", "chat", "topic", "channel", "room", "stream", "thread", "user", "device", "folder",
    ]

    /// The SHA-256 of the entry, or of some of its keys.
    private func fingerprint(_ section: String, _ name: String, of keys: Set<String>? = nil) -> String {
        guard let node = root.node(section), case .mapping(let entries) = node.content, let entry = entries.first(where: { $0.key == name })
        else { return "" }
        var value = entry.value
        if let keys, case .mapping(let members) = value.content {
            value.content = .mapping(members.filter { keys.contains($0.key) })
        }
        return hexadecimal(SHA256.hash(data: Array(value.spelled.utf8)))
    }
}

extension ConfigNode {
    /// The whole node as one text, for comparison; it may hold secrets and is never shown.
    fileprivate var spelled: String {
        switch content {
        case .scalar(let scalar): "\(scalar.text.utf8.count):\(scalar.text)"
        case .sequence(let items): "[" + items.map(\.spelled).joined(separator: ",") + "]"
        case .mapping(let entries):
            "{" + entries.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.spelled)" }.joined(separator: ",") + "}"
        }
    }
}
