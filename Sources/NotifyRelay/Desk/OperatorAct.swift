import Channels
import Dedup
import Policy
import RelayCore
import RelaySupport

/// What an operator does at the desk.
enum OperatorAct: Sendable, Equatable {
    /// Puts dead deliveries back.
    case retry(Selection)
    /// Gives debts up for good.
    case drop(Selection)
    /// Opens the lane of a destination.
    case open(String)
    /// Ends what is held for a destination.
    case release(String)
    /// Sends a labelled sample to a destination.
    case sample(String)
    case mute(String, Duration)
    case unmute(String)

    /// The act that a posted form asks for; nil if it asks for none that is known.
    ///
    /// - Parameters:
    ///   - destination: the one whose page it is; nil for the page of an automation.
    ///   - automation: the id of the automation whose page it is.
    init?(_ form: [String: String], destination: String?, automation: String?) {
        switch (form["act"], destination, automation) {
        case ("retry"?, let name?, _):
            guard let selection = Self.selection(form, name) else { return nil }
            self = .retry(selection)
        case ("drop"?, let name?, _):
            guard let selection = Self.selection(form, name) else { return nil }
            self = .drop(selection)
        case ("open"?, let name?, _): self = .open(name)
        case ("release"?, let name?, _): self = .release(name)
        case ("sample"?, let name?, _): self = .sample(name)
        case ("mute"?, _, let id?):
            guard let length = form["for"].flatMap({ Duration(interval: $0) }), length > .zero, length <= .seconds(30 * 86_400) else {
                return nil
            }
            self = .mute(id, length)
        case ("unmute"?, _, let id?): self = .unmute(id)
        default: return nil
        }
    }

    /// One delivery, or all of the destination if the form names none; nil if it names what is none.
    private static func selection(_ form: [String: String], _ destination: String) -> Selection? {
        guard let text = form["delivery"] else { return .destination(destination) }
        return Int64(text).flatMap { $0 > 0 ? .deliveries([$0]) : nil }
    }

    /// It cannot be undone, so it is asked for twice.
    var needsConfirmation: Bool { if case .drop = self { true } else { false } }

    /// The word in the audit.
    var word: String {
        switch self {
        case .retry: "retry"
        case .drop: "drop"
        case .open: "open"
        case .release: "release"
        case .sample: "sample"
        case .mute: "mute"
        case .unmute: "unmute"
        }
    }

    /// What it is done to, in the audit.
    var subject: String {
        switch self {
        case .retry(let selection), .drop(let selection):
            switch selection {
            case .deliveries(let ids): "delivery " + ids.map(String.init).joined(separator: ", ")
            case .events(let ids): ids.joined(separator: ", ")
            case .destination(let name): name
            case .all: "all"
            }
        case .open(let name), .release(let name), .sample(let name): name
        case .mute(let automation, let length): "\(automation) for \(length.spoken)"
        case .unmute(let automation): automation
        }
    }
}

/// Does what operators ask for, and writes it into the audit.
struct OperatorActs: Sendable {
    let ledger: Ledger
    let lanes: LaneRegistry
    let clock: any WallClock
    let current: @Sendable () async -> RunningGeneration

    /// - Parameter name: the name of the automation that it is done to, for the audit; nil if it has none or it is done to something else.
    /// - Returns: what came of it, for the person.
    func take(_ act: OperatorAct, named name: String?, by person: Person, from address: String?) async throws(LedgerError) -> String {
        let outcome = try await outcome(of: act), subject = (name.map { "\($0), " } ?? "") + act.subject
        try await ledger.record(
            Act(at: clock.now, actor: person.name, via: "desk", address: address, what: act.word, subject: subject, outcome: outcome))
        return outcome
    }

    private func outcome(of act: OperatorAct) async throws(LedgerError) -> String {
        switch act {
        case .retry(let selection):
            let count = try await ledger.retry(selection)
            lanes.wakeAll()
            return "\(count) put back"
        case .drop(let selection):
            let count = try await ledger.drop(selection, reason: "dropped by hand")
            lanes.wakeAll()
            return "\(count) dropped"
        case .open(let name): return try await open(name)
        case .release(let name):
            let released = try await ledger.releaseHeld(of: name)
            lanes.wakeAll()
            return
                "\(DigestHeadline.counted(released.windows, "window")) and \(released.deliveries) held \(released.deliveries == 1 ? "delivery" : "deliveries") released"
        case .sample(let name): return try await sample(name)
        case .mute(let automation, let length):
            try await ledger.mute(automation, until: clock.now + length)
            return "muted for \(length.spoken)"
        case .unmute(let automation):
            try await ledger.mute(automation, until: clock.now)
            return "heard again"
        }
    }

    private func open(_ name: String) async throws(LedgerError) -> String {
        let record = LaneRecord(destination: name, state: .open, reason: nil, since: clock.now, until: nil)
        try await ledger.setLane(record)
        // A lane that is open already, but waits for retries, is tried at once as well.
        try await ledger.reopen(name, after: .zero)
        if let lane = lanes.lane(name) {
            await lane.heed(record)
            lane.wakeup.signal()
        }
        return "the lane is open"
    }

    private func sample(_ name: String) async throws(LedgerError) -> String {
        let generation = await current().generation
        guard let target = generation.destinations.first(where: { $0.name == name }) else {
            return "the configuration has no such destination"
        }
        let now = clock.now, event = Samples.event(.notification, priority: nil, now: now)
        for recipient in target.recipients {
            let claim = Samples.claim(event, destination: name, recipient: recipient)
            let message = generation.composer.message(claim, for: target.target, now: now, label: Samples.label).message
            do {
                _ = try await target.channel.deliver(message)
            } catch {
                return "the sample failed: \(error.reason.rawValue): \(error.detail)"
            }
        }
        return "a sample was sent"
    }
}
