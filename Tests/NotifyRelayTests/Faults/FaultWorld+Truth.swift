import Dedup
import Policy
import RelayCore
import RelayTesting

@testable import NotifyRelay

/// The conditions that must hold however the store failed.
extension FaultWorld {
    /// The conditions that hold at any time: no `since` moved, no mute is lost, no fault opened or closed a lane, no digest closed early.
    func promises() async throws -> [String] {
        var problems: [String] = []
        let ledger = house.ledger, now = house.clock.now
        if try await ledger.feeds(account: "live").compactMap(\.since) != [since] { problems.append("since moved") }
        let muted = try await ledger.mutes()
        for mute in mutes where mute.until > now {
            if !muted.contains(where: { $0.automation == mute.automation && $0.until == mute.until }) {
                problems.append("the mute of \(mute.automation) is forgotten")
            }
        }
        if case .closed = try await house.lane("desk").health.state, !deskWasGone {
            problems.append("desk closed though it was never gone")
        }
        for name in ["ops", "pager", "boss"] where await !(try house.lane(name).health.isOpen) { problems.append("\(name) is not open") }
        return problems + (try await digestProblems())
    }

    /// An attempt at `desk` has failed, so it may have been *gone*.
    private var deskWasGone: Bool { house.channel("desk").attempts.count > house.channel("desk").delivered.count }

    private func digestProblems() async throws -> [String] {
        try await house.ledger.closedWindows(ofDigest: "daily", limit: 1_000).compactMap { window in
            guard let closed = window.closedAt, closed < window.closesAt else { return nil }
            return "digest \(window.closesAt) closed early, at \(closed)"
        }
    }

    /// The conditions that hold at the end: everything was delivered, once.
    func truth() async throws -> [String] {
        var problems: [String] = []
        let ledger = house.ledger
        for note in notes {
            for destination in ["ops", "desk"] { problems += try await told(note.id, to: destination, automation: note.automation) }
        }
        for failed in failedRuns {
            let ids = try await ledger.resolve(failed.run).filter { $0.contains("/run/") }
            guard ids.count == 1 else {
                problems.append("run \(failed.run) became \(ids)")
                continue
            }
            problems += try await told(ids[0], to: "desk", automation: failed.automation)
            problems += try await inOneDigest(ids[0])
        }
        for approval in approvals {
            for destination in ["ops", "desk", "boss"] { problems += try await decided(approval, at: destination) }
        }
        problems += diversionProblems() + reminderProblems()
        return try await problems + answerProblems() + rest() + promises()
    }

    /// An event was delivered either by itself or in one bundle, by one message.
    private func told(_ id: String, to destination: String, automation: String) async throws -> [String] {
        let history = try await house.ledger.history(id)
        let direct = history.deliveries.filter { $0.destination == destination }
        let bundles = history.windows.filter { $0.window.destination == destination && !$0.toldAtOnce }
        let channel = house.channel(destination)
        let times = channel.delivered.count { $0.id == id }
        guard direct.count + bundles.count == 1 else {
            return ["\(id) for \(destination): \(direct.count) deliveries and \(bundles.count) bundles"]
        }
        if let bundle = bundles.first {
            guard let message = bundle.toldIn else { return ["\(id) for \(destination): its bundle was closed without a word"] }
            let count = channel.delivered.count { $0.id == message }
            return times == 0 && count == 1 ? [] : ["\(id) for \(destination): told \(times) times and its bundle \(count) times"]
        }
        if direct[0].state != .delivered { return ["\(id) for \(destination): \(direct[0].state) \(direct[0].reason ?? "")"] }
        return times == 1 ? try await whileMuted(id, at: destination, automation) : ["\(id) for \(destination): told \(times) times"]
    }

    private func whileMuted(_ id: String, at destination: String, _ automation: String) async throws -> [String] {
        guard let event = try await house.ledger.event(id)?.event, event.priority < .urgent else { return [] }
        let mute = mutes.first { $0.automation == automation && $0.from < event.seenAt && event.seenAt < $0.until }
        guard let mute else { return [] }
        let name = event.payload.origin.automation ?? "no automation"
        return ["\(id) of \(name) for \(destination): told by itself, seen \(event.seenAt), muted from \(mute.from) until \(mute.until)"]
    }

    private func inOneDigest(_ id: String) async throws -> [String] {
        let digests = try await house.ledger.history(id).windows.filter { $0.window.kind == .digest }
        guard digests.count == 1, let message = digests[0].toldIn else {
            return ["\(id) is in \(digests.count) digests, or in one without a word"]
        }
        let count = house.channel("pager").delivered.count { $0.id == message }
        return count == 1 ? [] : ["\(id): its digest \(message) was told \(count) times"]
    }

    /// The last message about an approval shows its end, and no event about it was sent twice.
    private func decided(_ approval: String, at destination: String) async throws -> [String] {
        let subject = "live/approval/\(approval)"
        guard let row = try await house.ledger.approval(account: "live", id: approval) else { return ["\(subject) is not known"] }
        if row.isOpen { return ["\(subject) is still open"] }
        let said = house.channel(destination).delivered.filter {
            $0.message.event.subject == subject && $0.message.event.kind != .reminder
        }
        // The boss is asked only if an approval stays open for hours.
        if destination == "boss", said.isEmpty { return [] }
        // An approval that was never seen open is stored and not sent.
        if !row.seenOpen { return said.isEmpty ? [] : ["\(subject) at \(destination): told though it was never seen open"] }
        // An approval whose run was over while it waited is sent as closed, and a decision after that is not sent.
        guard let last = said.last, case .approval(let detail) = last.message.event.payload.detail,
            detail.state == row.detail?.state || detail.state == .closed
        else {
            let history = try await house.ledger.resolve(approval)
            return ["\(subject) at \(destination): its end was not told; told were \(said.map(\.id)) of \(history)"]
        }
        return Set(said.map(\.id)).count == said.count ? [] : ["\(subject) at \(destination): \(said.map(\.id)) were told"]
    }

    /// `pager` got only what is its own, and urgent enough events of `desk` while that was not open.
    private func diversionProblems() -> [String] {
        house.channel("pager").delivered.compactMap { attempt in
            let event = attempt.message.event
            // Updates and decisions follow their request to where it was told, whatever their priority is.
            let isFollowing = event.kind == .decision || event.kind == .approval && !event.id.hasSuffix("/v1")
            if event.kind == .relay || event.id.hasPrefix("digest/") || isFollowing { return nil }
            if event.priority < .high { return "\(event.id) of priority \(event.priority) was told to pager" }
            let wasSaid = house.channel("desk").delivered.contains { $0.id == event.id && $0.at < event.seenAt + FallbackHelp.patience }
            return wasSaid ? "\(event.id) was told to pager though desk had it" : nil
        }
    }

    /// Nothing is owed, dead, unknown or held, every lane is open, and no message was sent twice.
    private func rest() async throws -> [String] {
        var problems: [String] = []
        let overview = try await house.ledger.overview()
        problems += overview.owedDeliveries.map {
            "\($0.event) is owed to \($0.destination), due \($0.dueAt), held for \(String(describing: $0.heldFor))"
        }
        problems += overview.dead.map { "\($0.event) is dead at \($0.destination)" }
        for (window, count) in try await house.ledger.openWindows() where window.kind != .digest {
            problems.append("\(window) is open and holds \(count)")
        }
        problems += try await house.ledger.lanes().filter { $0.state(at: house.clock.now) != .open }.map {
            "\($0.destination) is \($0.state)"
        }
        for name in Self.destinations {
            let counts = Dictionary(house.channel(name).ids.map { ($0, 1) }, uniquingKeysWith: +)
            problems += counts.filter { $0.value > 1 }.map { "\($0.key) was told \($0.value) times to \(name)" }
        }
        return problems
    }
}
