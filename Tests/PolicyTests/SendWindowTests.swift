import RelayCore
import Testing

@testable import Policy

/// What a lane learns from throttles.
struct SendWindowTests {
    private let start = Timestamp(seconds: 1_000)

    @Test func `a destination that takes everything soon gets the full width`() {
        var window = SendWindow()
        var trips = 0
        while window.count(within: 50) < 50 {
            for _ in 0..<window.count(within: 50) { window.succeeded(at: start) }
            trips += 1
        }
        #expect(trips <= 8)
        #expect(window.opensAt <= start)
    }

    @Test func `after a throttle it sends one, and grows again`() {
        var window = SendWindow()
        for _ in 0..<100 { window.succeeded(at: start) }
        window.throttled(for: .seconds(1), at: start)
        #expect(window.count(within: 50) == 1)
        for _ in 0..<4 { window.succeeded(at: start + .seconds(1)) }
        #expect(window.count(within: 50) == 3)
    }

    @Test func `a single throttle of a quiet lane sets no pace`() {
        var window = SendWindow()
        window.succeeded(at: start - .seconds(600))
        window.throttled(for: .seconds(60), at: start)
        #expect(!window.isPaced)
    }

    @Test func `the pace is forgotten when no throttle came for five minutes`() {
        var window = SendWindow()
        for _ in 0..<5 { window.succeeded(at: start) }
        window.throttled(for: .seconds(1), at: start)
        #expect(window.isPaced)
        window.succeeded(at: start + .seconds(301))
        #expect(!window.isPaced)
    }

    @Test func `a slow pace that was learned from one throttle does not last`() {
        var window = SendWindow()
        for _ in 0..<2 { window.succeeded(at: start) }
        window.throttled(for: .seconds(5), at: start)
        var now = start
        for _ in 0..<30 {
            now = max(now, window.opensAt)
            window.began(at: now)
            window.succeeded(at: now)
        }
        #expect(start.duration(to: now) < .seconds(30))
    }

    @Test func `a receiver of five a second sees at most 75 attempts for 60 messages, whatever the width`() {
        for latency in [1, 20, 200] {
            for isBucket in [true, false] {
                let attempts = attempts(for: 60, width: 50, latency: .milliseconds(latency), isBucket: isBucket)
                #expect(attempts <= 75, "\(latency) ms, \(isBucket ? "token bucket" : "fixed window")")
            }
        }
    }

    /// Plays a lane against a receiver that takes five messages a second and says `Retry-After: 1`.
    private func attempts(for messages: Int, width: Int, latency: Duration, isBucket: Bool) -> Int {
        var health = LaneHealth(), receiver = FiveASecond(isBucket: isBucket)
        var due = Array(repeating: start, count: messages), flying: [Timestamp] = []
        var now = start, attempts = 0
        while !due.isEmpty || !flying.isEmpty {
            let allowed = health.allowance(width: width)
            if flying.count < allowed.count, allowed.from <= now, let index = due.firstIndex(where: { $0 <= now }) {
                due.remove(at: index)
                health.began(at: now)
                flying.append(now + latency)
                attempts += 1
                continue
            }
            if let index = flying.firstIndex(where: { $0 <= now }) {
                flying.remove(at: index)
                if receiver.takes(at: now) {
                    _ = health.succeeded(at: now)
                } else {
                    let limit = DeliveryError(.throttled(after: .seconds(1)), .rateLimited, "429")
                    _ = health.failed(limit, message: "m", at: now, unit: 0.5)
                    due.append(now + .seconds(1))
                }
                continue
            }
            now = now + .milliseconds(1)
        }
        return attempts
    }
}

private struct FiveASecond {
    let isBucket: Bool
    private var tokens = 5.0
    private var last: Timestamp?
    private var second: Int64 = 0
    private var taken = 0

    init(isBucket: Bool) { self.isBucket = isBucket }

    mutating func takes(at now: Timestamp) -> Bool {
        if !isBucket {
            if now.seconds != second { (second, taken) = (now.seconds, 0) }
            taken += 1
            return taken <= 5
        }
        let passed = Double((last ?? now).duration(to: now).milliseconds) / 1_000
        last = now
        tokens = min(5, tokens + passed * 5)
        guard tokens >= 1 else { return false }
        tokens -= 1
        return true
    }
}
