import ArgumentParser
import Channels
import Dedup
import Foundation
import Policy
import RelayCore
import RelaySupport

struct DigestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "digest", abstract: "Shows a digest as it is now or was, or sends it before its time.",
        discussion: """
            Without --preview and --now: its windows, the last of them first. A preview changes nothing. --now closes the window that is
            open: what has come so far is told, and the next digest goes on from there.
            """)

    @OptionGroup var file: ConfigurationOption
    @Argument(help: "The digest.") var name: String
    @Flag(help: "Shows it as a mail's text.") var preview = false
    @Flag(help: "Sends it now.") var now = false
    @Option(help: "A past one, by when it closed (the beginning of the time will do). Default: the open one.") var window: String?
    @Flag(help: "Everything that it counts, and not only what there is room for in a message.") var all = false
    @Option(help: "Exactly as this destination gets it.") var `for`: String?
    @Option(help: "Writes the HTML of the mail to a file.") var html: String?
    @Flag(help: "For programs.") var json = false

    func validate() throws {
        guard !(preview && now) else { throw ValidationError("--preview or --now, not both") }
        let isShown = window != nil || all || self.for != nil || html != nil
        guard preview || !isShown else { throw ValidationError("--window, --all, --for and --html go with --preview") }
    }

    func run() async throws {
        // Only `--now` changes anything, and needs the whole file to be right.
        let part = now ? nil : try file.loadPart()
        let configuration = try part?.configuration ?? file.load()
        guard let digest = configuration.digests.first(where: { $0.name == name }) else {
            if let part, !part.errors.isEmpty { throw part.refusal }
            let meant = nearest(name, in: configuration.digests.map(\.name)).map { " (did you mean '\($0)'?)" } ?? ""
            Terminal.complain("no digest is called '\(name)'\(meant)")
            throw ExitCode.noInput
        }
        let ledger = try file.openLedger(configuration)
        defer { ledger.end() }
        let tools = Tools()
        defer { tools.end() }
        let keys = LinkKeys.find(configured: configuration.server.linkKeys, store: configuration.store)
        let generation = try Generation.orExit(configuration, tools: tools, keys: keys)
        if now { return try await send(digest, ledger, generation, clock: tools.clock) }
        let windows = DigestWindows(digest: digest, ledger: ledger)
        guard preview else { return Terminal.say(try await windows.table(json: json)) }
        guard let event = try await windows.event(closedAt: window, all: all) else { return Terminal.say("there is nothing to tell") }
        try show(event, digest, generation, now: tools.clock.now)
    }

    private func send(_ digest: DigestSettings, _ ledger: Ledger, _ generation: Generation, clock: any WallClock) async throws {
        let admitter = Admitter(
            router: generation.router, catchUp: generation.catchUps, ledger: ledger, clock: clock, metrics: Metrics(), wake: { _ in })
        let closer = WindowCloser(ledger: ledger, admitter: admitter, clock: clock, startedAt: clock.now, wake: { _ in })
        guard let event = try await closer.closeNow(digest) else { return Terminal.say("there is nothing to tell") }
        Terminal.say("\(event.id) is owed to \(digest.to.joined(separator: ", ")): a running relay sends it at once")
    }

    private func show(_ event: Event, _ digest: DigestSettings, _ generation: Generation, now: Timestamp) throws {
        if let name = self.for {
            guard let destination = try generation.destinations(named: [name]).first else { throw ExitCode.noInput }
            let claim = Samples.claim(event, destination: destination.name, recipient: destination.recipients.first ?? "")
            return Terminal.say(destination.channel.preview(generation.composer.message(claim, for: destination.target, now: now).message))
        }
        let name = digest.to.first ?? ""
        let destination = generation.destinations.first { $0.name == name }
        let claim = Samples.claim(event, destination: name, recipient: destination?.recipients.first ?? "")
        // A mail's text does not depend on the secrets of a destination, so the destination may be missing.
        let target = Composer.Target(
            name: name, type: Email.type, limit: all ? Limit(.max, .bytes) : Email.type.abilities.limit,
            zoneName: generation.configuration.destinations.first { $0.name == name }?.timeZone?.name,
            callback: destination?.callback)
        let message = generation.composer.message(claim, for: target, now: now).message
        if json { return Terminal.say(json: message.document) }
        guard let html else { return Terminal.say(message.title + "\n\n" + message.body) }
        guard FileManager.default.createFile(atPath: html, contents: Data((message.html ?? "").utf8)) else {
            Terminal.complain("\(html) cannot be written")
            throw ExitCode.ioError
        }
        Terminal.say("wrote \(html)")
    }
}

/// Finds and shows the windows of a digest.
private struct DigestWindows {
    let digest: DigestSettings
    let ledger: Ledger

    private static let shown = 50

    func table(json: Bool) async throws -> String {
        let open = try await ledger.openWindows().filter { $0.window.kind == .digest && $0.window.name == digest.name }
        let closed = try await ledger.closedWindows(ofDigest: digest.name, limit: Self.shown)
        var rows = open.map { ($0.window, "open, \(DigestHeadline.counted($0.count, "event")) so far", nil as String?) }
        for window in closed {
            let told = try await ledger.told(of: window.id)?.event
            rows.append((window, told?.oneLine ?? "nothing to tell", told?.id))
        }
        if json {
            let values = rows.map { window, says, event -> JSONValue in
                [
                    "opens_at": .string(window.opensAt.description), "closes_at": .string(window.closesAt.description),
                    "closed_at": .text(window.closedAt?.description), "event": .text(event), "says": .string(says),
                ]
            }
            return JSONValue.array(values).indented()
        }
        return Terminal.table([["FROM", "UNTIL", ""]] + rows.map { [$0.0.opensAt.description, $0.0.closesAt.description, $0.1] })
    }

    /// The event of a digest's window; nil if the window has nothing to send.
    ///
    /// - Parameter text: a prefix of the time when the window closed; nil means the open window.
    func event(closedAt text: String?, all: Bool) async throws -> Event? {
        guard let text else {
            let open = try await ledger.openWindows(.digest, named: digest.name)
            return try await made(of: open.map(\.id), all: all)
        }
        let closed = try await ledger.closedWindows(ofDigest: digest.name, limit: 100_000)
            .filter { $0.closesAt.description.hasPrefix(text) }
        guard !closed.isEmpty else {
            Terminal.complain("\(digest.name) has no window that closed at \(text); `notify-relay digest \(digest.name)` lists them")
            throw ExitCode.noInput
        }
        // If several windows match, the last one with a message is shown.
        for window in closed {
            guard let told = try await ledger.told(of: window.id) else { continue }
            return all ? try await made(of: told.windows, all: true) : told.event
        }
        return nil
    }

    private func made(of windows: [Int64], all: Bool) async throws -> Event? {
        let maker = DigestMaker(settings: digest, room: all ? .everything : DigestMaker.Room())
        let now = SystemClock().now
        let made = try await ledger.readWindows(windows) { try maker.detail($0, isLate: false) }
        return made.map { digest.event($0.detail, staging: $0.staging, now: now) { $0.priority } }
    }
}
