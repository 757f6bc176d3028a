import Dedup
import RelayCore
import RelayTesting
import Testing

@testable import Policy

/// Which destinations get an event, and how (design §6). These tests use values only.
struct RouterTests {
    private let now = Timestamp(seconds: 1_000)

    private func router(_ routes: Route..., rules: [PriorityRule] = [], healthTo: [String] = [], recipients: [String: [String]] = [:])
        -> Router
    {
        Router(routes: routes, priorityRules: rules, healthTo: healthTo, recipients: recipients)
    }

    private func event(_ kind: Event.Kind = .notification, priority: Priority = .normal, automation: String = "Invoices") -> Event {
        var event = Event.sample(kind, priority: priority, now: now)
        event.payload.origin.automation = automation
        return event
    }

    private func relay(about: String) -> Event {
        Event(
            id: "relay/down/\(about)", account: nil, kind: .relay, subject: "relay/down/\(about)", priority: .high, occurredAt: now,
            seenAt: now, payload: Payload(detail: .relay(RelayDetail(topic: "down", about: about, detail: "it is down"))))
    }

    private func told(_ router: Router, _ event: Event, also: String? = nil) -> [String] {
        router.owed(event, dueAt: now, also: also).map(\.destination)
    }

    @Test func `every route that fits applies`() {
        let router = router(
            Route(name: "all", to: ["ops"]), Route(name: "runs", when: Condition(kind: [.run]), to: ["mail"]),
            Route(name: "notes", when: Condition(kind: [.notification]), to: ["chat"]))
        #expect(told(router, event()) == ["ops", "chat"])
        #expect(told(router, event(.run)) == ["ops", "mail"])
    }

    @Test func `a destination gets an event once, and the first route that names it governs how`() {
        let router = router(
            Route(name: "first", to: ["ops"], atMostOnce: true, mention: "@here"), Route(name: "second", to: ["ops", "mail"]))
        let owed = router.owed(event(), dueAt: now)
        #expect(owed.map(\.destination) == ["ops", "mail"])
        #expect(owed.map(\.route) == ["first", "second"])
        #expect(owed[0].options == DeliveryOptions(atMostOnce: true, mention: "@here"))
        #expect(owed[1].options == DeliveryOptions())
    }

    @Test func `a route that stops ends the walk, but only where it fits`() {
        let router = router(
            Route(name: "loud", when: Condition(priority: [.urgent]), to: ["oncall"], stop: true), Route(name: "all", to: ["ops"]))
        #expect(told(router, event(priority: .urgent)) == ["oncall"])
        #expect(told(router, event(priority: .low)) == ["ops"])
    }

    @Test func `why says that a route was not reached`() {
        let router = router(Route(name: "loud", to: ["oncall"], stop: true), Route(name: "all", to: ["ops"]))
        #expect(router.explain(event()).map(\.fits) == [true, false])
        #expect(router.explain(event()).last?.because == "route loud stops the walk before it")
    }

    @Test func `the first rule of priorities that fits decides, else the event's own word`() {
        let rules = [
            PriorityRule(when: Condition(automation: [Glob(pattern: "pay*")]), priority: .urgent),
            PriorityRule(when: Condition(kind: [.notification]), priority: .low),
        ]
        let router = router(rules: rules)
        #expect(router.priority(of: event(automation: "Payouts")) == .urgent)
        #expect(router.priority(of: event(automation: "Invoices")) == .low)
        #expect(router.priority(of: event(.run, priority: .high, automation: "Invoices")) == .high)
    }

    @Test func `what is owed bears the event's priority and is due at once`() {
        let owed = router(Route(name: "all", to: ["ops"])).owed(event(priority: .urgent), dueAt: now)
        #expect(owed == [PlannedDelivery(destination: "ops", route: "all", priority: .urgent, dueAt: now)])
    }

    @Test func `each address of a mail is a delivery of its own`() {
        let owed = router(Route(name: "all", to: ["mail"]), recipients: ["mail": ["a@x.example", "b@x.example"]]).owed(event(), dueAt: now)
        #expect(owed.map(\.recipient) == ["a@x.example", "b@x.example"])
    }

    @Test func `health_to gets what the relay says of itself, and nothing else`() {
        let router = router(healthTo: ["ops"])
        #expect(told(router, relay(about: "live")) == ["ops"])
        #expect(told(router, event()) == [])
    }

    @Test func `health_to does not tell again what a route tells`() {
        let owed = router(Route(name: "all", to: ["ops"]), healthTo: ["ops", "mail"]).owed(relay(about: "live"), dueAt: now)
        #expect(owed.map(\.destination) == ["ops", "mail"])
        #expect(owed.map(\.route) == ["all", .builtIn(.healthTo)])
    }

    @Test func `nobody is told about itself`() {
        let router = router(Route(name: "all", to: ["ops", "mail"]), healthTo: ["ops", "chat"])
        #expect(told(router, relay(about: "ops"), also: "ops") == ["mail", "chat"])
    }

    @Test func `the fallback of an ill destination is told whatever the routes say, and once`() {
        let router = router(Route(name: "all", when: Condition(kind: [.run]), to: ["ops"]), healthTo: ["chat"])
        #expect(told(router, relay(about: "ops"), also: "mail") == ["chat", "mail"])
        #expect(told(router, relay(about: "ops"), also: "chat") == ["chat"])
    }
}
