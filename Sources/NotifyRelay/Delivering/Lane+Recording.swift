import Dedup
import Policy
import RelayCore

/// What a lane writes into the ledger, and writes again until the ledger has taken it.
extension Lane {
    /// Puts back all claims that were not begun. Those that the ledger does not take stay in `returning`.
    func putBack() async {
        returning += ready
        ready = []
        // Whoever puts back at this moment takes these, too.
        guard !isPuttingBack else { return }
        isPuttingBack = true
        defer { isPuttingBack = false }
        while let claim = returning.first {
            do throws(LedgerError) {
                _ = try await ledger.settle(claim, as: .deferred(until: clock.now, hold: nil), attempt: nil)
                returning.removeFirst()
            } catch {
                return await report(.ledger(error))
            }
        }
    }

    /// Tries every second until the settlement is written: a message whose delivery is not recorded would be sent twice. It is given up only
    /// when the task is cancelled, at the end of the grace of a stop.
    func record(_ claim: Claim, _ settlement: Settlement, _ attempt: Attempt?) async {
        var hasFailed = false
        while true {
            do {
                _ = try await ledger.settle(claim, as: settlement, attempt: attempt)
                StopPoint.pass(.settled)
                break
            } catch {
                if !hasFailed { unrecorded += 1 }
                hasFailed = true
                await report(.ledger(error))
                if Task.isCancelled { break }
                try? await clock.sleep(for: Self.untilLedgerIsTriedAgain)
            }
        }
        if hasFailed { unrecorded -= 1 }
    }

    /// The state of the lane, if the ledger has another one.
    private func news() -> LaneRecord? {
        let record = health.record(of: destination.name, at: clock.now)
        let isNews = record.state != written?.state ?? .open || record.until != written?.until || record.reason != written?.reason
        return isNews ? record : nil
    }

    /// Writes the state of the lane down, for commands and for the next start, if it has changed. What the ledger does not take is
    /// written again later.
    func writeDown() async {
        // Whoever writes at this moment looks again for news afterwards.
        guard !isWriting else { return }
        isWriting = true
        isStateUnwritten = false
        defer { isWriting = false }
        do throws(LedgerError) {
            while let record = news() {
                try await ledger.setLane(record)
                written = record
            }
            while unexcused > .zero {
                let length = unexcused
                try await ledger.excuse(destination.name, by: length)
                unexcused -= length
            }
        } catch {
            isStateUnwritten = true
            await report(.ledger(error))
        }
    }
}
