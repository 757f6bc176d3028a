import ArgumentParser
import Channels
import Dedup
import Foundation
import RelayCore
import RelaySupport
import Rendering

struct PreviewCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "preview", abstract: "Renders exactly what would be sent, and sends nothing.",
        discussion:
            """
            What is shown is an event of the store (ID), an event in a file (FILE, the JSON that a webhook gets and that
            `preview … --for` a webhook prints), or a sample.
            """
    )

    @OptionGroup var file: ConfigurationOption
    @Argument(help: "An event: its ID, or a file.") var what: String?
    @Option(help: "notification, approval, decision, run, reminder, digest, relay or absence.") var sample: String?
    @Option(name: .customLong("for"), help: "The destination.") var destination: String
    @Option(help: "low, normal, high or urgent (samples).") var priority: String?
    @Flag(help: "Only what differs from the built-in template.") var diff = false

    func validate() throws {
        guard (what == nil) != (sample == nil) else { throw ValidationError("name an ID, a file, or --sample KIND") }
        guard sample == nil || Event.Kind(rawValue: sample ?? "") != nil else {
            throw ValidationError("--sample is one of those that --help names")
        }
        guard priority == nil || Priority(word: priority ?? "") != nil else {
            throw ValidationError("--priority is low, normal, high or urgent")
        }
    }

    func run() async throws {
        let configuration = try file.load()
        let tools = Tools()
        defer { tools.end() }
        let keys = LinkKeys.find(configured: configuration.server.linkKeys, store: configuration.store)
        let generation = try Generation.orExit(configuration, tools: tools, keys: keys)
        guard let target = try generation.destinations(named: [destination]).first else { throw ExitCode.noInput }
        let claim = try await claim(target, configuration, now: tools.clock.now)
        let own = show(claim, target, generation.composer, now: tools.clock.now)
        guard diff else { return Terminal.say(own) }
        let builtIn = show(claim, target, generation.composer.builtIn, now: tools.clock.now)
        Terminal.say(LineDiff(from: builtIn, to: own).text)
    }

    private func show(_ claim: Claim, _ target: Destination, _ composer: Composer, now: Timestamp) -> String {
        target.channel.preview(composer.message(claim, for: target.target, now: now).message)
    }

    private func claim(_ target: Destination, _ configuration: Configuration, now: Timestamp) async throws -> Claim {
        let recipient = target.recipients.first ?? ""
        if let sample, let kind = Event.Kind(rawValue: sample) {
            let event = Samples.event(kind, priority: priority.flatMap(Priority.init(word:)), now: now)
            return Samples.claim(event, destination: target.name, recipient: recipient)
        }
        guard let what else { throw ExitCode.noInput }
        if FileManager.default.fileExists(atPath: what) {
            return Samples.claim(try event(inFile: what, now: now), destination: target.name, recipient: recipient)
        }
        let ledger = try file.openLedger(configuration)
        defer { ledger.end() }
        guard let stored = try await ledger.event(try await ledger.only(what)) else { throw ExitCode.noInput }
        var claim = Samples.claim(stored.event, destination: target.name, recipient: recipient)
        if case .approval(let detail) = stored.event.payload.detail, let account = stored.event.account {
            claim.present = try await ledger.approval(account: account, id: detail.id)
        }
        return claim
    }

    private func event(inFile path: String, now: Timestamp) throws -> Event {
        let bytes = (try? Data(contentsOf: URL(fileURLWithPath: path))).map(Array.init) ?? []
        guard let document = try? JSONValue(parsing: bytes), var event = Event(document: document, seenAt: now) else {
            Terminal.complain("\(path): no event as `preview --for` a webhook writes it: {\"type\", \"timestamp\", \"data\"}")
            throw ExitCode.noInput
        }
        if let priority = priority.flatMap(Priority.init(word:)) { event.priority = priority }
        return event
    }
}

extension Composer {
    /// The same composer with the built-in templates instead of the user's.
    var builtIn: Composer { Composer(templates: .builtIn, links: links, people: people, zoneName: zoneName, ways: ways) }
}

/// The removed and added lines between two texts.
struct LineDiff {
    var text: String

    init(from old: String, to new: String) {
        let before = old.components(separatedBy: "\n"), after = new.components(separatedBy: "\n")
        let changes = after.difference(from: before)
        text =
            changes.isEmpty
            ? "the built-in template says the same"
            : changes.map { change in
                switch change {
                case .remove(_, let line, _): "-\(line)"
                case .insert(_, let line, _): "+\(line)"
                }
            }.joined(separator: "\n")
    }
}
