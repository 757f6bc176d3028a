package import RelayCore
import RelaySupport

/// What happens in the demo's account: a small company's automations over a few busy minutes.
///
/// The opening is there at once: notifications of each priority, an approval request and a failed run. After that, something happens every
/// few seconds, in an order that is the same for the same seed. When a request is decided through the API, its run continues. The first
/// request is left to the visitor.
package struct Story: Sendable {
    /// The time between two events of the story.
    package var pace: Duration
    package var seed: UInt64

    /// The id of the user who decides in RevKeen's dashboard.
    package static var decider: String { Cast.user }

    package init(pace: Duration = .seconds(4), seed: UInt64 = 7) {
        self.pace = pace
        self.seed = seed
    }

    /// Plays the story until the task is cancelled.
    ///
    /// - Throws: `CancellationError`.
    package func play(in world: StandInRevKeen, clock: any WallClock) async throws {
        let cast = await Cast(joining: world)
        var opening = await open(world, cast)
        var scenes = Scenes(cast: cast, seed: seed)
        var beat = 0
        var backups = Backups(cast.backup, at: clock.now)
        while true {
            try await clock.sleep(for: pace)
            await finishDecided(in: world)
            await backups.play(at: clock.now, in: world)
            if let act = opening.first {
                opening.removeFirst()
                await act(world)
            } else {
                await scenes.play(beat, in: world)
            }
            beat += 1
            if beat % 50 == 0 { await world.forgetRuns(keeping: 200) }
        }
    }

    typealias Act = @Sendable (StandInRevKeen) async -> Void

    /// Plays the opening.
    ///
    /// - Returns: the acts that follow from the opening, one for each of the next beats.
    private func open(_ world: StandInRevKeen, _ cast: Cast) async -> [Act] {
        let quiet = await world.startRun(of: cast.digest)
        await world.notify(
            run: quiet, priority: "low", type: "report", message: "Usage report for October is ready: 1,204 active customers, 3.1 % more.",
            payload: ["report": "usage-2026-10", "pages": 12])
        await world.finishRun(quiet, outcome: .succeeded, summary: "The monthly usage report was written.")

        let dunning = await world.startRun(of: cast.dunning)
        await world.notify(
            run: dunning, priority: "normal", type: "reminder_sent",
            message: "Sent 18 payment reminders; 2 customers answered that they have paid.", payload: ["sent": 18, "answered": 2])

        let payouts = await world.startRun(of: cast.payouts)
        await world.notify(
            run: payouts, priority: "high", type: "mismatch",
            message: "Bank statement and ledger differ by €1,240.00 for 23 November.",
            payload: ["difference": "1240.00", "currency": "EUR", "day": "2026-11-23"])
        await world.addStep(run: payouts, name: "Fetch the bank statement")
        await world.finishRun(
            payouts, outcome: .failed, error: "Two transfers have no counterpart in the ledger: TR-88121, TR-88127",
            summary: "Reconciliation stopped at the second account.", failedStep: "Match transfers")

        let fraud = await world.startRun(of: cast.fraud, trigger: "event")
        await world.notify(
            run: fraud, priority: "urgent", type: "card_testing",
            message: "Card testing suspected: 214 declined attempts in 6 minutes from one network. Checkout is limited meanwhile.",
            payload: ["declined": 214, "minutes": 6, "network": "AS64501"])

        let refunds = await world.startRun(of: cast.refunds, trigger: "event")
        let request = await world.requestApproval(
            run: refunds, action: "Refund €1,240.00 to Northwind Trading for invoice INV-2041", actions: Self.refund("1240.00"))
        return aftermath(dunning: dunning, fraud: fraud, request: request)
    }

    private func aftermath(dunning: String, fraud: String, request: String) -> [Act] {
        [
            { await $0.finishRun(dunning, outcome: .succeeded, summary: "18 reminders sent, 2 invoices settled.") },
            {
                await $0.changeApproval(
                    request, action: "Refund €980.00 to Northwind Trading for invoice INV-2041 (shipping kept)",
                    actions: Self.refund("980.00"))
            },
            {
                await $0.notify(
                    run: fraud, priority: "high", type: "card_testing", message: "Attempts fell to 3 a minute. Limits stay for an hour.")
            },
            { await $0.finishRun(fraud, outcome: .succeeded, summary: "The attack was limited and has ended.") },
        ]
    }

    static func refund(_ amount: String, to customer: String = "Northwind Trading", for invoice: String = "INV-2041") -> JSONValue {
        [
            [
                "tool": "refund", "invoice": .string(invoice), "customer": .string(customer), "amount": .string(amount), "currency": "EUR",
            ]
        ]
    }

    private func finishDecided(in world: StandInRevKeen) async {
        for (run, approved) in await world.decidedRuns {
            await world.finishRun(
                run, outcome: approved ? .succeeded : .cancelled,
                summary: approved ? "Carried out as approved." : "Ended: the request was rejected.")
        }
    }
}
