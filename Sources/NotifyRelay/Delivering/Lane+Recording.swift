import Dedup
import Policy
import RelayCore

/// The writes of a lane to the ledger, which are repeated until they succeed.
extension Lane {
    /// Puts back all claims that were not begun. Those whose write fails stay in `returning`.
    func putBack() async {
        returning += ready
        ready = []
        // A call that is putting claims back at this moment takes these too.
        guard !isPuttingBack else { return }
        isPuttingBack = true
        defer { isPuttingBack = false }
        while !returning.isEmpty {
            let claims = returning
            do throws(LedgerError) {
                try await ledger.putBack(claims)
                returning.removeFirst(claims.count)
            } catch {
                // The claims were released by the relay that leads now.
                if error.reason == .fenced { return returning = [] }
                return await report(.ledger(error))
            }
        }
    }

    /// Tries every second until the settlement is written, because a message whose delivery is not recorded would be sent twice. It
    /// gives up only when the task is cancelled, at the end of the grace of a stop, after `recordingLimit`, or if another relay leads.
    func record(_ claim: Claim, _ settlement: Settlement, _ attempt: Attempt?) async {
        var hasFailed = false
        let end = recordingLimit.map { clock.uptime + $0 }
        while true {
            do {
                _ = try await ledger.settle(claim, as: settlement, attempt: attempt)
                StopPoint.pass(.settled)
                break
            } catch {
                if !hasFailed { unrecorded += 1 }
                hasFailed = true
                await report(.ledger(error))
                if Task.isCancelled || error.reason == .fenced { break }
                if let end, clock.uptime >= end {
                    unwritten = error
                    break
                }
                try? await clock.sleep(for: Self.untilLedgerIsTriedAgain)
            }
        }
        if hasFailed { unrecorded -= 1 }
    }

    /// The state of the lane; nil if the ledger has the same one.
    private func news() -> LaneRecord? {
        let record = health.record(of: destination.name, at: clock.now)
        let isNews = record.state != written?.state ?? .open || record.until != written?.until || record.reason != written?.reason
        return isNews ? record : nil
    }

    /// Stores the state of the lane for commands and for the next start, if it has changed. A write that fails is repeated later.
    func writeDown() async {
        // A call that is writing at this moment checks for changes again afterwards.
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
                try await ledger.reopen(destination.name, after: length)
                unexcused -= length
            }
        } catch {
            isStateUnwritten = true
            await report(.ledger(error))
        }
    }
}
