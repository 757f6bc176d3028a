import RelayCore
import RelaySupport

/// The scenes that follow the opening.
/// They repeat with different names and numbers.
struct Scenes: Sendable {
    private let cast: Cast
    private var chance: Chance
    /// The approval requests that the story will decide in the dashboard, unless someone else decides first.
    private var open: [String] = []

    private static let customers = [
        "Northwind Trading", "Harbour & Sons", "Blue Fjord AS", "Café Olé", "Ōsaka Print", "Smith <Wholesale>", "Greenleaf Ltd",
    ]

    init(cast: Cast, seed: UInt64) {
        self.cast = cast
        chance = Chance(seed: seed)
    }

    mutating func play(_ beat: Int, in world: StandInRevKeen) async {
        switch beat % 10 {
        case 0: await remind(in: world)
        case 1: await askForRefund(in: world)
        case 2: await report(in: world)
        case 3: await failReconciliation(in: world)
        case 4: await change(in: world)
        case 5: await watch(in: world)
        case 6: await decide(in: world, approved: chance.number(in: 0...2) > 0)
        case 7: await recover(in: world)
        case 8: await askForWriteOff(in: world)
        default: await cancel(in: world)
        }
    }

    private mutating func remind(in world: StandInRevKeen) async {
        let sent = chance.number(in: 3...40)
        let run = await world.startRun(of: cast.dunning)
        await world.notify(
            run: run, priority: "normal", type: "reminder_sent", message: "Sent \(sent) payment reminders.", payload: ["sent": .int(sent)])
        await world.finishRun(run, outcome: .succeeded, summary: "\(sent) reminders sent.")
    }

    private mutating func askForRefund(in world: StandInRevKeen) async {
        let run = await world.startRun(of: cast.refunds, trigger: "event")
        await ask(in: world, run: run, "Refund €\(amount()) to \(chance.pick(Self.customers)) for invoice \(invoice())")
    }

    private mutating func askForWriteOff(in world: StandInRevKeen) async {
        let run = await world.startRun(of: cast.refunds, trigger: "manual")
        await ask(in: world, run: run, "Write off invoice \(invoice()) of \(chance.pick(Self.customers)), €\(amount()), 180 days overdue")
    }

    private mutating func ask(in world: StandInRevKeen, run: String, _ action: String) async {
        let request = await world.requestApproval(
            run: run, action: action, actions: [["tool": "ledger", "reason": "customer asked", "reference": .string(invoice())]])
        open.append(request)
        // The list stays bounded even if every request is decided elsewhere.
        if open.count > 20 { open.removeFirst() }
    }

    private mutating func change(in world: StandInRevKeen) async {
        guard let request = open.last else { return await remind(in: world) }
        let changed = amount(), customer = chance.pick(Self.customers), number = invoice()
        await world.changeApproval(
            request, action: "Refund €\(changed) to \(customer) for invoice \(number) (amount corrected)",
            actions: Story.refund(changed, to: customer, for: number))
    }

    private mutating func decide(in world: StandInRevKeen, approved: Bool) async {
        guard !open.isEmpty else { return await remind(in: world) }
        await world.decide(open.removeFirst(), approved: approved, by: Cast.user, reason: approved ? nil : "Not within our policy")
    }

    private mutating func report(in world: StandInRevKeen) async {
        let run = await world.startRun(of: cast.digest, trigger: "manual")
        let customers = chance.number(in: 900...1_400)
        await world.notify(
            run: run, priority: "low", type: "report", message: "Usage so far this month: \(customers) active customers.",
            payload: ["active": .int(customers)])
        await world.finishRun(run, outcome: .succeeded, summary: "The report was written.")
    }

    private mutating func failReconciliation(in world: StandInRevKeen) async {
        let run = await world.startRun(of: cast.payouts)
        await world.addStep(run: run, name: "Fetch the bank statement")
        let error = chance.pick(["The bank's API answered 503 three times", "Two transfers have no counterpart in the ledger"])
        await world.finishRun(run, outcome: .failed, error: error, failedStep: "Match transfers")
    }

    private mutating func recover(in world: StandInRevKeen) async {
        let run = await world.startRun(of: cast.payouts)
        await world.finishRun(run, outcome: .succeeded, summary: "All \(chance.number(in: 80...240)) transfers match.")
    }

    private mutating func watch(in world: StandInRevKeen) async {
        let run = await world.startRun(of: cast.fraud, trigger: "event")
        let declined = chance.number(in: 40...400)
        let isUrgent = declined > 200
        await world.notify(
            run: run, priority: isUrgent ? "urgent" : "high", type: "card_testing",
            message: "\(declined) declined card attempts in 10 minutes" + (isUrgent ? ". Checkout is limited meanwhile." : "."),
            payload: ["declined": .int(declined)])
        await world.finishRun(run, outcome: .succeeded, summary: "Watched and reported.")
    }

    private mutating func cancel(in world: StandInRevKeen) async {
        let run = await world.startRun(of: cast.dunning, trigger: "manual")
        await world.finishRun(run, outcome: .cancelled, summary: "Cancelled by a user before anything was sent.")
    }

    private mutating func amount() -> String { "\(chance.number(in: 20...2_400)).\(chance.number(in: 10...99))" }

    private mutating func invoice() -> String { "INV-\(chance.number(in: 2_100...2_999))" }
}
