import Dedup
import Policy
import RelayCore
import RelaySupport
import Testing

@testable import NotifyRelay

struct ReadinessTests {
    @Test func `all well is ready`() {
        let readiness = Readiness.judge(
            storeFault: nil, lanes: [("ops", true, nil)], approvals: [("live", .seconds(55), .seconds(10))])
        #expect(readiness.isReady && readiness.isWell)
    }

    @Test func `approvals are stale after five times their pace, and not before a minute`() {
        func wrong(_ age: Duration, _ pace: Duration) -> Bool {
            Readiness.judge(storeFault: nil, lanes: [], approvals: [("live", age, pace)]).wrong["approvals"] != nil
        }
        #expect(!wrong(.seconds(60), .seconds(1)))
        #expect(wrong(.seconds(61), .seconds(1)))
        #expect(!wrong(.seconds(150), .seconds(30)))
        #expect(wrong(.seconds(151), .seconds(30)))
    }

    @Test func `each thing that is wrong is named`() {
        let readiness = Readiness.judge(storeFault: "disk full", lanes: [("ops", false, "HTTP 410")], approvals: [])
        #expect(readiness.wellText == "lanes: ops (HTTP 410)\nstore: disk full\n")
        #expect(readiness.readyText == "store: disk full\n")
    }
}

struct MetricsTests {
    @Test func `every series stands at zero before anything happens`() {
        let metrics = Metrics()
        metrics.register(accounts: ["live"], destinations: ["ops": .http], at: Timestamp(seconds: 0))
        let text = metrics.text(MetricsMoment(now: Timestamp(seconds: 5), budgets: ["live": 500]))
        #expect(text.contains("notify_relay_events_admitted_total{account=\"live\",kind=\"approval\"} 0\n"))
        #expect(text.contains("notify_relay_deliveries_total{destination=\"ops\",outcome=\"delivered\",reason=\"ok\"} 0\n"))
        #expect(text.contains("notify_relay_feed_age_seconds{account=\"live\",feed=\"details\"} 5\n"))
        #expect(text.contains("notify_relay_budget_per_minute{account=\"live\"} 500\n"))
        #expect(text.contains("notify_relay_lane_open{destination=\"ops\"} 1\n"))
    }

    @Test func `what cannot happen at a kind of destination has no series`() {
        let metrics = Metrics()
        metrics.register(accounts: [], destinations: ["out": .local, "mail": .mail, "hook": .http], at: Timestamp(seconds: 0))
        let text = metrics.text(MetricsMoment(now: Timestamp(seconds: 0)))
        func has(_ destination: String, _ outcome: String, _ reason: String) -> Bool {
            text.contains("deliveries_total{destination=\"\(destination)\",outcome=\"\(outcome)\",reason=\"\(reason)\"} 0\n")
        }
        #expect(has("out", "retry", "local") && !has("out", "retry", "tls") && !has("out", "throttled", "rate_limited"))
        #expect(has("mail", "gone", "unauthorized") && !has("mail", "gone", "redirected") && !has("mail", "vanished", "not_found"))
        #expect(has("hook", "gone", "redirected") && has("hook", "vanished", "not_found"))
    }

    @Test func `a histogram's buckets add up`() {
        let metrics = Metrics()
        metrics.register(accounts: [], destinations: ["ops": .http], at: Timestamp(seconds: 0))
        for took in [Duration.milliseconds(5), .milliseconds(40), .seconds(100)] {
            metrics.delivered("ops", .delivered(Receipt()), took: took)
        }
        let text = metrics.text(MetricsMoment(now: Timestamp(seconds: 0)))
        #expect(text.contains("delivery_seconds_bucket{destination=\"ops\",le=\"0.01\"} 1\n"))
        #expect(text.contains("delivery_seconds_bucket{destination=\"ops\",le=\"60\"} 2\n"))
        #expect(text.contains("delivery_seconds_bucket{destination=\"ops\",le=\"+Inf\"} 3\n"))
        #expect(text.contains("delivery_seconds_count{destination=\"ops\"} 3\n"))
    }
}
