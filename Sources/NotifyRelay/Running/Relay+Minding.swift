import Dedup
import Logging
import RelayCore

/// What goes on beside looking and delivering.
extension Relay {
    /// Every second: changes by commands, windows to close, clocks that jumped, lanes that are ill.
    func mind() async {
        var watch = ClockWatch(clock: clock)
        var fallbacks = FallbackWatch()
        while !Task.isCancelled {
            if let jump = watch.jump() { await took(jump) }
            if await ledger.changedElsewhere() { await heedCommands() }
            let pollers = pollers
            do throws(LedgerError) {
                try await closer.closeDue(unless: { await Self.isAnyCatchingUp(pollers) })
            } catch {
                note(error)
            }
            await fallbacks.look(self, lanes: laneRegistry.lanes)
            await reports.tellUntold()
            if storeFault != nil { _ = await storeFaultNow() }
            try? await clock.sleep(for: .seconds(1))
        }
    }

    private static func isAnyCatchingUp(_ pollers: [AccountPoller]) async -> Bool {
        for poller in pollers where await poller.isCatchingUp() { return true }
        return false
    }

    private func heedCommands() async {
        let records = (try? await ledger.lanes()) ?? []
        for lane in laneRegistry.lanes {
            let name = await lane.destination.name
            let isOpenInStore = [.open, .blocked].contains(records.first { $0.destination == name }?.state ?? .open)
            if isOpenInStore, await !lane.health.isOpen { await lane.open() }
            lane.wakeup.signal()
        }
    }

    private func took(_ jump: Duration) async {
        if jump < .seconds(-60) {
            do throws(LedgerError) { try await ledger.shiftHeld(by: jump) } catch { note(error) }
            for lane in laneRegistry.lanes { await lane.shift(by: jump) }
            for poller in pollers { await poller.shift(by: jump) }
        }
        if jump > .seconds(300) || jump < .seconds(-300) {
            let topic = SelfReport.Topic(name: "clock", about: "clock", account: nil)
            let way = jump > .zero ? "forward" : "back"
            await reports.once(topic, "the clock was set \(way) by \((jump < .zero ? .zero - jump : jump).spoken)")
        }
        laneRegistry.wakeAll()
    }

    /// Answers whose call stays without an answer: apart from all else, because RevKeen may take its time.
    func carryAnswers() async {
        while !Task.isCancelled {
            do { try await carrier.carry() } catch { logger.error("an answer cannot be carried on: \(error)") }
            try? await clock.sleep(for: .seconds(1))
        }
    }

    var carrier: AnswerCarrier {
        AnswerCarrier(ledger: ledger, clients: clients, clock: clock, logger: logger, words: generation.configuration.statusVocabulary)
    }

    /// Every hour: retention.
    func keepUp() async {
        while !Task.isCancelled {
            let retention = generation.configuration.retention
            let now = clock.now
            do throws(LedgerError) {
                let removed = try await ledger.retain(
                    payloadsBefore: now - retention.payloads, attemptsBefore: now - retention.attempts,
                    auditBefore: now - retention.audit)
                if removed > 0 { logger.debug("retention emptied \(removed) rows") }
            } catch {
                note(error)
            }
            try? await clock.sleep(for: .seconds(3_600))
        }
    }

    /// What a lane says: counted, logged, told.
    func hear(_ report: Lane.Report, from destination: String) async {
        switch report {
        case .attempted(let outcome, let took): metrics.delivered(destination, outcome, took: took)
        case .templateFailed(let why):
            logger.warning("a template failed and the built-in one was used: \(why)", metadata: ["destination": "\(destination)"])
        case .ledger(let error): note(error)
        case .changed(let change, let reason, let since): await told(change, reason: reason, since: since, destination)
        }
    }

    private func note(_ error: LedgerError) {
        if storeFault == nil { logger.error("the store cannot be written: \(error.detail)") }
        storeFault = error.detail
    }

    /// What has changed about a lane, for those who are told of it.
    private func told(_ change: LaneHealth.Change, reason: String?, since: Timestamp?, _ destination: String) async {
        let down = SelfReport.Topic(name: "down", about: destination, account: nil)
        let closed = SelfReport.Topic(name: "closed", about: destination, account: nil)
        let fallback = fallback(of: destination)
        switch change {
        case .none, .wentDown: break
        case .closed:
            await reportClosing(of: destination, reason: reason, since: since)
        case .opened:
            await reports.end(closed, "destination \(destination) is open again", also: fallback)
            await reports.end(down, "destination \(destination) is reachable again", also: fallback)
        }
    }

    func reportClosing(of destination: String, reason: String?, since: Timestamp?) async {
        await reports.begin(
            SelfReport.Topic(name: "closed", about: destination, account: nil),
            "destination \(destination) is closed: \(reason ?? "it refuses us"); `lanes open \(destination)` opens it", at: since,
            also: fallback(of: destination))
    }

    private func fallback(of destination: String) -> String? { generation.destinations.first { $0.name == destination }?.fallback }
}
