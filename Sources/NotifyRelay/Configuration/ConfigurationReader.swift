import Channels
import Crypto
import Foundation
import RelayCore
import RevKeen
import Transport

/// Reads the file's sections, in the order of `docs/configuration.md`. Every fault becomes a problem; nothing stops at the first.
final class ConfigurationReader {
    let root: ConfigSection
    let problems: ProblemList
    /// The directory of the file: paths in it are relative to that.
    let folder: String
    var notYet: [Problem] = []

    init(root: ConfigSection, folder: String) {
        self.root = root
        self.folder = folder
        problems = root.problems
    }

    func read() -> Configuration? {
        var configuration = Configuration(store: path("store") ?? folder + "/notify-relay.db", redactor: redactor())
        configuration.timeZone = zone(root, "time_zone") ?? .utc
        configuration.templates = path("templates")
        configuration.links = links()
        configuration.retention = retention()
        configuration.meaning = words()
        configuration.priorityWords = priorityWords()
        configuration.people = people()
        configuration.accounts = accounts()
        configuration.destinations = destinations()
        configuration.priorities = priorities()
        let digests = digests()
        configuration.routes = routes(digests: digests, people: configuration.people.map(\.name))
        configuration.server = server()
        configuration.healthTo = root.strings("health_to") ?? []
        checkReferences(configuration)
        root.finish()
        configuration.notYet = notYet
        return problems.errors.isEmpty ? configuration : nil
    }

    /// Names a key that this version reads and cannot honour.
    func later(_ section: ConfigSection, _ keys: String...) {
        for key in keys where section.node(key) != nil {
            let name = section.path.isEmpty ? key : "\(section.path).\(key)"
            notYet.append(
                Problem(section.keyPlace(key), "\(name) is not supported by this version", expected: "a later version, or the key left out")
            )
        }
    }

    func path(_ key: String) -> String? { root.string(key).map(absolute) }

    func absolute(_ path: String) -> String { path.hasPrefix("/") ? path : URL(fileURLWithPath: folder + "/" + path).standardized.path }

    func zone(_ section: ConfigSection, _ key: String) -> TimeZoneName? {
        guard let name = section.string(key) else { return nil }
        guard let zone = TimeZoneName(name) else {
            section.wrong(key, "a zone of the IANA database, such as Europe/London")
            return nil
        }
        return zone
    }

    /// `[a-z][a-z0-9_-]{0,31}`, and not one of the words that mean something else.
    func checkName(_ name: String, at place: Place, what: String, reserved: [String] = []) {
        let isGood =
            name.utf8.count <= 32 && (name.first.map { ("a"..."z").contains($0) } ?? false)
            && name.allSatisfy { ("a"..."z").contains($0) || ("0"..."9").contains($0) || $0 == "_" || $0 == "-" }
        if !isGood {
            problems.add(
                Problem(place, "'\(name.prefix(40))' cannot be the name of \(what)", expected: "a-z, then up to 31 of a-z 0-9 _ -"))
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
                section.note(key, "links.\(key): \(fault)", expected: "https://… with {run_id}, {automation_id} or {approval_id}")
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

    private func redactor() -> Redactor {
        let paths = root.places("redact") ?? []
        do {
            return try Redactor(paths: paths.map(\.text))
        } catch {
            let place = error.index < paths.count ? paths[error.index].place : root.keyPlace("redact")
            problems.add(
                Problem(place, "'\(error.path.prefix(80))' is no path, at character \(error.offset + 1)", expected: error.expected))
            return Redactor()
        }
    }

    private func words() -> Words {
        guard let section = root.section("words") else { return Words() }
        let words = Words(
            failed: section.strings("failed") ?? [], cancelled: section.strings("cancelled") ?? [], open: section.strings("open") ?? [],
            approved: section.strings("approved") ?? [], rejected: section.strings("rejected") ?? [])
        section.finish()
        return words
    }

    private func priorityWords() -> [String: Priority] {
        guard let section = root.section("priority_words") else { return [:] }
        var words: [String: Priority] = [:]
        for key in section.keys {
            guard let text = section.string(key) else { continue }
            if let priority = Priority(word: text) { words[key] = priority } else { section.wrong(key, "low, normal, high or urgent") }
        }
        return words
    }

    private func people() -> [Person] {
        root.named("people").map { name, place, section in
            checkName(name, at: place, what: "a person")
            let person = Person(name: name, revkeen: section.string("revkeen"))
            // The others are read and kept for the versions that decide in chat.
            for key in ["email", "slack", "telegram", "mattermost", "discord"] { _ = section.string(key) }
            section.finish()
            return person
        }
    }

    private func priorities() -> [PriorityRule] {
        root.sections("priorities").compactMap { section in
            let when = condition(section)
            let text = section.required("is", "low, normal, high or urgent")
            let priority = text.flatMap(Priority.init(word:))
            if text != nil && priority == nil { section.wrong("is", "low, normal, high or urgent") }
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
        checkPlannedKeys(ofServer: section)
        if let beat = section.section("heartbeat") {
            let url = beat.secret("url", required: true), every = beat.duration("every") ?? .seconds(60)
            if let url, WebAddress(url.reveal()) == nil { beat.note("url", "server.heartbeat.url is no address", expected: "https://…") }
            if let url { server.heartbeat = (url, max(every, .seconds(1))) }
            beat.finish()
        }
        section.finish()
        return server
    }

    private func checkReferences(_ configuration: Configuration) {
        let names = configuration.destinations.map(\.name)
        for (name, place) in root.places("health_to") ?? [] { checkDestination(name, at: place, names) }
        for destination in configuration.destinations {
            guard let fallback = destination.fallback else { continue }
            checkDestination(fallback, at: destination.place, names)
            if fallback == destination.name {
                problems.add(
                    Problem(destination.place, "destinations.\(destination.name).fallback is itself", expected: "another destination"))
            }
        }
    }

    /// Of the whole file, also those whose entries are wrong.
    var destinationNames: [String] {
        guard let node = root.node("destinations"), case .mapping(let entries) = node.content else { return [] }
        return entries.map(\.key)
    }

    func checkDestination(_ name: String, at place: Place, _ names: [String]) {
        guard !names.contains(name) else { return }
        problems.add(
            Problem(
                place, "no destination is called '\(name.prefix(40))'",
                expected: names.isEmpty ? nil : "one of \(names.joined(separator: ", "))", meant: nearest(name, in: names)))
    }
}

/// The pattern of a link, as far as the configuration judges it.
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

extension Configuration {
    /// Reads the file. Nil, with at least one problem that is no warning, if it cannot be used.
    static func load(path: String, environment: [String: String]) -> (Configuration?, [Problem]) {
        let readFile: (String) -> String? = { try? String(contentsOfFile: $0, encoding: .utf8) }
        guard let text = readFile(path) else {
            return (
                nil,
                [
                    Problem(
                        Place(file: path, line: 1, column: 1), "the file cannot be read",
                        expected: "a readable file; --config names another")
                ]
            )
        }
        let absolute = URL(fileURLWithPath: path).standardized.path
        return load(
            text: text, file: path, folder: (absolute as NSString).deletingLastPathComponent, environment: environment, readFile: readFile)
    }

    static func load(
        text: String, file: String, folder: String, environment: [String: String], readFile: @escaping (String) -> String?
    ) -> (Configuration?, [Problem]) {
        let problems = ProblemList()
        var reader = YAMLReader(file: file, environment: environment, readFile: readFile, problems: problems)
        guard let node = reader.read(text), let root = ConfigSection(node, path: "", problems: problems) else { return (nil, problems.all) }
        let configuration = ConfigurationReader(root: root, folder: folder).read()
        return (configuration, problems.all)
    }
}
