import RelayCore

/// What refusals (429) teach: a smaller burst, and a rate where neither the host nor the configuration states one.
struct LearnedLimit: Equatable {
    /// The burst doubles again each time so long without a refusal.
    private static let regrowth = Duration.seconds(600)
    private static let leastShare = 1.0 / 64
    /// After a refusal this share of the rate that led to it is used.
    private static let backoff = 0.8
    /// The learned rate grows by this factor in a minute without a refusal, and is forgotten at eight times the rate that was refused first.
    private static let growth = 1.25
    private static let forgottenAt = 8.0
    /// Below this share of the rate that was refused first, refusals have another reason than the rate.
    private static let senseless = 0.4
    /// Requests a minute.
    private static let leastRate = 6.0
    /// Seconds in which requests are counted.
    private static let window = 10.0
    /// Fewer requests say nothing about a rate: the host has another reason to refuse.
    private static let fewest = 20

    private(set) var burstShare = 1.0
    private var grownAt = Duration.zero
    /// Requests a minute; nil if no refusal taught one.
    private(set) var perMinute: Double?
    private var taughtAt = 0.0
    private var rateGrownAt = Duration.zero
    /// Until then refusals teach no rate.
    private var deafUntil = Duration.zero
    private var counted = (began: Duration.zero, count: 0, before: 0.0)

    static func == (a: Self, b: Self) -> Bool { a.burstShare == b.burstShare && a.perMinute == b.perMinute }

    mutating func entered(at now: Duration) {
        roll(to: now)
        counted.count += 1
    }

    mutating func refused(at now: Duration, until end: Duration, isRateKnown: Bool) {
        // Requests that were in flight together are refused together.
        if now - grownAt >= .seconds(1) || burstShare == 1 { burstShare = max(Self.leastShare, burstShare / 2) }
        grownAt = max(now, end)
        if !isRateKnown { learnRate(at: now, until: end) }
        counted = (max(now, end), 0, 0)
    }

    private mutating func learnRate(at now: Duration, until end: Duration) {
        guard now >= deafUntil else { return }
        roll(to: now)
        let passed = max(1, (now - counted.began).inSeconds)
        guard counted.count >= Self.fewest || counted.before > 0 else { return }
        let used = max(counted.before, Double(counted.count) / passed) * 60
        perMinute = max(Self.leastRate, min(used, perMinute ?? used) * Self.backoff)
        rateGrownAt = max(now, end)
        if taughtAt == 0 { taughtAt = used }
        // A host that still refuses at less than half the rate refuses for another reason.
        guard let rate = perMinute, rate < taughtAt * Self.senseless else { return }
        forget()
        deafUntil = now + Self.regrowth
    }

    private mutating func forget() {
        perMinute = nil
        taughtAt = 0
    }

    mutating func pass(to now: Duration) {
        while burstShare < 1, now - grownAt >= Self.regrowth {
            burstShare = min(1, burstShare * 2)
            grownAt += Self.regrowth
        }
        while let rate = perMinute, now - rateGrownAt >= .seconds(60) {
            rateGrownAt += .seconds(60)
            if rate * Self.growth > taughtAt * Self.forgottenAt { forget() } else { perMinute = rate * Self.growth }
        }
    }

    private mutating func roll(to now: Duration) {
        let passed = (now - counted.began).inSeconds
        guard passed >= Self.window else { return }
        counted = (now, 0, passed < 2 * Self.window && counted.count >= Self.fewest ? Double(counted.count) / passed : 0)
    }
}
