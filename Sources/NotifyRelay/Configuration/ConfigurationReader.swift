import Channels
import Crypto
import Dedup
import Foundation
import Policy
import RelayCore
import RelaySupport
import RevKeen
import Transport

/// Reads the file's sections, in the order of `docs/configuration.md`. Every fault is added to `problems`, and reading goes on after it.
final class ConfigurationReader {
    let root: ConfigSection
    let problems: ProblemList
    /// The directory of the file. Relative paths in the file start there.
    let folder: String
    /// The store of a file that names none; nil if the environment names one that cannot be used.
    private let store: StoreAddress?

    init(root: ConfigSection, folder: String, store: StoreAddress?) {
        self.root = root
        self.folder = folder
        self.store = store
        problems = root.problems
    }

    /// Reads as much as possible. The result may be used only if `problems` holds no error.
    func read() -> Configuration {
        var configuration = Configuration(store: storeAddress() ?? .file(""), redactor: redactor())
        configuration.storePlace = root.valuePlace("store")
        configuration.timeZone = zone(root, "time_zone") ?? .utc
        configuration.templates = path("templates")
        configuration.links = links()
        configuration.retention = retention()
        configuration.statusVocabulary = words()
        configuration.priorityWords = priorityWords()
        configuration.people = people()
        configuration.accounts = accounts()
        configuration.expect = expectations()
        configuration.expectPlace = configuration.expect.isEmpty ? nil : root.valuePlace("expect")
        for index in configuration.accounts.indices { configuration.accounts[index].expect = configuration.expect }
        configuration.destinations = destinations(zone: configuration.timeZone)
        configuration.priorities = priorities()
        configuration.digests = digests(zone: configuration.timeZone)
        configuration.routes = routes(zone: configuration.timeZone, people: configuration.people.map(\.name))
        configuration.server = server()
        configuration.healthTo = root.strings("health_to") ?? []
        checkReferences(configuration)
        if let lack = configuration.lackOfLinkKey { problems.add(lack) }
        root.finish()
        return configuration
    }

    /// The store that the file names; nil if it names none, or none that can be used.
    func storeAddress() -> StoreAddress? {
        // It is asked for in any case, so that the key is known.
        let text = root.string("store")
        guard root.keys.contains("store") else {
            if store == nil {
                problems.add(
                    Problem(
                        root.place, "NOTIFY_RELAY_STORE of the environment is no address of a store",
                        expected: "a path, or postgresql://USER@HOST/DATABASE as libpq reads it"))
            }
            return store
        }
        // An empty value leaves the default.
        guard let text else { return store }
        guard let address = ConfigurationText.store(text, folder: folder) else {
            root.note(
                "store", "store is no address of a PostgreSQL database",
                expected: "postgresql://USER@HOST/DATABASE, as libpq reads it; special characters of a password as %40")
            return nil
        }
        return address
    }

    func path(_ key: String) -> String? { root.string(key).map(absolute) }

    func absolute(_ path: String) -> String { absolutePath(path, in: folder) }

    func zone(_ section: ConfigSection, _ key: String) -> TimeZoneName? {
        guard let name = section.string(key) else { return nil }
        if let zone = TimeZoneName(name) { return zone }
        section.note(
            key, "\(section.path.isEmpty ? "" : section.path + ".")\(key) is \(section.shown(key))",
            expected: "a zone of the IANA database, such as Europe/London", meant: nearest(name, in: TimeZoneName.all))
        return nil
    }

    /// Checks that a name matches `[a-z][a-z0-9_-]{0,31}` and is not reserved.
    ///
    /// - Parameter shown: the name in the form in which an error may show it.
    func checkName(_ name: String, at place: Place, shown: String? = nil, what: String, reserved: [String] = []) {
        let isGood =
            name.utf8.count <= 32 && (name.first.map { ("a"..."z").contains($0) } ?? false)
            && name.allSatisfy { ("a"..."z").contains($0) || ("0"..."9").contains($0) || $0 == "_" || $0 == "-" }
        if !isGood {
            problems.add(
                Problem(
                    place, "\(shown ?? ConfigNode.shown(key: name)) cannot be the name of \(what)",
                    expected: "a-z, then up to 31 of a-z 0-9 _ -"))
        } else if reserved.contains(name) {
            problems.add(Problem(place, "'\(name)' cannot be the name of \(what): it means something else", expected: "another name"))
        }
    }

    private func links() -> Configuration.Links {
        guard let section = root.section("links") else { return Configuration.Links() }
        let links = Configuration.Links(
            run: section.string("run"), approval: section.string("approval"), automation: section.string("automation"))
        for (key, pattern) in [("run", links.run), ("approval", links.approval), ("automation", links.automation)] {
            guard let pattern else { continue }
            if let fault = LinkPattern.fault(pattern) {
                let words = section.isInterpolated(key) ? "a value from ${…} makes it no pattern" : fault
                section.note(key, "links.\(key): \(words)", expected: "https://… with {run_id}, {automation_id} or {approval_id}")
            }
        }
        section.finish()
        return links
    }

    private func retention() -> Configuration.Retention {
        var retention = Configuration.Retention()
        guard let section = root.section("retention") else { return retention }
        retention.payloads = section.duration("payloads") ?? retention.payloads
        retention.attempts = section.duration("attempts") ?? retention.attempts
        retention.audit = section.duration("audit") ?? retention.audit
        section.finish()
        return retention
    }

    /// Reads `redact`. A list that cannot be read adds a problem and makes a redactor that redacts everything, so that no value leaks even
    /// if the problem is ignored.
    private func redactor() -> Redactor {
        if root.node("redact") == nil, root.isInterpolated("redact") {
            root.note("redact", "redact is empty: its ${…} gave no text", expected: "a list of paths")
        }
        let paths = root.places("redact") ?? []
        for path in paths {
            do {
                _ = try Redactor(paths: [path.text])
            } catch {
                problems.add(
                    Problem(path.place, "\(path.shown) is no path, at character \(error.offset + 1)", expected: error.expected))
            }
        }
        guard problems.errors.isEmpty else { return .everything }
        do {
            return try Redactor(paths: paths.map(\.text))
        } catch {
            return .everything
        }
    }

    private func words() -> StatusVocabulary {
        guard let section = root.section("words") else { return StatusVocabulary() }
        let words = StatusVocabulary(
            failed: section.strings("failed") ?? [], cancelled: section.strings("cancelled") ?? [], open: section.strings("open") ?? [],
            approved: section.strings("approved") ?? [], rejected: section.strings("rejected") ?? [],
            paused: section.strings("paused") ?? [])
        section.finish()
        return words
    }

    private func priorityWords() -> [String: Priority] {
        guard let section = root.section("priority_words") else { return [:] }
        var words: [String: Priority] = [:]
        for key in section.keys {
            guard let text = section.string(key) else { continue }
            if let priority = Priority(word: text) { words[key] = priority } else { noPriority(section, key, text) }
        }
        return words
    }

    private func noPriority(_ section: ConfigSection, _ key: String, _ text: String) {
        section.note(
            key, "\(section.pathOf(key)) is \(section.shown(key))", expected: "low, normal, high or urgent",
            meant: nearest(text, in: Priority.allCases.map(\.word)))
    }

    private func people() -> [Person] {
        root.named("people").map { name, place, section in
            checkName(name, at: place, what: "a person")
            var person = Person(name: name, revkeen: section.string("revkeen"))
            person.slack = section.string("slack")
            person.telegram = section.string("telegram")
            person.mattermost = section.string("mattermost")
            person.discord = section.string("discord")
            if let text = section.string("email") {
                person.email = MailAddress(parsing: text)?.address.lowercased()
                if person.email == nil { section.wrong("email", "a mail address") }
            }
            person.isOperator = section.bool("operator", default: false)
            section.finish()
            return person
        }
    }

    private func priorities() -> [PriorityRule] {
        root.sections("priorities").compactMap { section in
            let when = condition(section)
            let text = section.required("is", "low, normal, high or urgent")
            let priority = text.flatMap(Priority.init(word:))
            if let text, priority == nil { noPriority(section, "is", text) }
            section.finish()
            return priority.map { PriorityRule(when: when, priority: $0) }
        }
    }

    private func server() -> Configuration.Server {
        guard let section = root.section("server") else { return Configuration.Server() }
        var server = Configuration.Server()
        if let text = section.string("listen") {
            server.listen = HostAndPort(text)
            if server.listen == nil { section.wrong("listen", "HOST:PORT, such as 127.0.0.1:8080") }
        }
        readPublicSide(section, &server)
        if let beat = section.section("heartbeat") {
            let url = beat.secret("url", required: true), every = beat.duration("every") ?? .seconds(60)
            let address = url.flatMap { WebAddress($0.reveal()) }
            if url != nil, address?.scheme != "https", !(address?.scheme == "http" && address?.isLoopback == true) {
                beat.note("url", "server.heartbeat.url is no address that can be used", expected: "https://…, or http:// to this host")
            }
            let when = beat.word("when", Heartbeat.Setting.When.self) ?? .well
            if let url { server.heartbeat = Heartbeat.Setting(url: url, every: max(every, .seconds(1)), when: when) }
            beat.finish()
        }
        section.finish()
        return server
    }
}

/// Checks the pattern of a link in the configuration.
enum LinkPattern {
    static func fault(_ pattern: String) -> String? {
        guard pattern.hasPrefix("https://") || pattern.hasPrefix("http://") else { return "it does not begin with https://" }
        var rest = Substring(pattern)
        while let open = rest.firstIndex(of: "{") {
            guard let close = rest[open...].firstIndex(of: "}") else { return "'{' has no end" }
            let name = String(rest[rest.index(after: open)..<close])
            guard ["run_id", "automation_id", "approval_id"].contains(name) else { return "'{\(name)}' is not known" }
            rest = rest[rest.index(after: close)...]
        }
        return nil
    }
}
