import ArgumentParser
import Channels
import Dedup
import RelayCore
import RelaySupport

struct SendTestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "send-test", abstract: "Sends one labelled sample to each named destination.",
        discussion:
            "A success opens the destination's lane. Buttons of a sample are inert and say so. 69: not all arrived; 74: the store failed.")

    @OptionGroup var file: ConfigurationOption
    @Argument(help: "The destinations.") var destinations: [String] = []
    @Option(help: "notification, approval, decision, run, reminder, digest or relay.") var kind = "notification"
    @Option(help: "low, normal, high or urgent.") var priority: String?
    @Flag(help: "Every destination there is.") var all = false

    func validate() throws {
        guard Event.Kind(rawValue: kind) != nil else { throw ValidationError("--kind is one of those that --help names") }
        guard priority == nil || Priority(word: priority ?? "") != nil else {
            throw ValidationError("--priority is low, normal, high or urgent")
        }
        guard all != !destinations.isEmpty else { throw ValidationError("name destinations, or --all") }
    }

    func run() async throws {
        let configuration = try file.load()
        let tools = Tools()
        defer { tools.end() }
        let generation = try Generation.orExit(configuration, tools: tools)
        let targets = try generation.destinations(named: all ? nil : destinations)
        if targets.isEmpty {
            Terminal.complain("the configuration has no destination")
            throw ExitCode.noInput
        }
        var good = true
        var fault: LedgerError?
        for target in targets {
            guard await send(to: target, generation, tools) else {
                good = false
                continue
            }
            do throws(LedgerError) {
                try await open(target.name, configuration)
            } catch {
                fault = error
                Terminal.complain("\(target.name) got its sample, but its lane may still be closed: \(error.detail)")
                Terminal.complain("`notify-relay lanes open \(target.name)` opens it once the store can be used")
            }
        }
        if let fault { throw ExitCode.code(of: fault) }
        guard good else { throw ExitCode.unavailable }
    }

    private func send(to target: Destination, _ generation: Generation, _ tools: Tools) async -> Bool {
        let now = tools.clock.now
        let event = Samples.event(Event.Kind(rawValue: kind) ?? .notification, priority: priority.flatMap(Priority.init(word:)), now: now)
        var good = true
        for recipient in target.recipients {
            let claim = Samples.claim(event, destination: target.name, recipient: recipient)
            let message = generation.composer.message(claim, for: target.target, now: now, label: Samples.label).message
            let to = recipient.isEmpty ? target.name : "\(target.name) <\(recipient)>"
            do {
                _ = try await target.channel.deliver(message)
                Terminal.say("\(Terminal.paint("sent", .green))  \(to)")
            } catch {
                good = false
                Terminal.say("\(Terminal.paint("failed", .red))  \(to): \(error.reason.rawValue): \(error.detail)")
            }
        }
        return good
    }

    /// Opens the lane of a destination that accepted a sample. Without a store no lane can be closed, so nothing is done.
    private func open(_ destination: String, _ configuration: Configuration) async throws(LedgerError) {
        let ledger: Ledger
        do throws(LedgerError) {
            ledger = try Ledger.open(configuration.store, as: .beside, clock: SystemClock())
        } catch {
            if error.reason == .missing { return }
            throw error
        }
        defer { ledger.end() }
        guard let record = try await ledger.lanes().first(where: { $0.destination == destination }), record.state != .open else { return }
        try await ledger.setLane(
            LaneRecord(destination: destination, state: .open, reason: nil, since: SystemClock().now, until: nil))
    }
}
