import Channels
import Foundation
import RelayCore
import RelaySupport
import RelayTesting
import Testing
import Transport

/// The bytes that each service gets, for every kind and every priority. `configurations` lists the services.
struct PayloadTests {
    /// The services with a JSON payload or form of their own that these tests cover; the other services have separate suites.
    static let services = configurations.map(\.type).filter { !["slack", "webhook", "email", "console", "file"].contains($0) }

    static let shapes: [(kind: Event.Kind, priority: Priority)] =
        Priority.allCases.map { (.notification, $0) }
        + [
            (.approval, .high), (.decision, .normal), (.run, .high), (.reminder, .high), (.digest, .normal), (.relay, .high),
            (.absence, .high),
        ]

    @Test(arguments: services, shapes.indices)
    func `every kind and priority looks as agreed`(type: String, shape: Int) throws {
        let (kind, priority) = Self.shapes[shape]
        let message = Message.of(kind, priority, link: "https://relay.example/r/77aa")
        try expect(message, of: type, is: "\(type)/\(kind.rawValue).\(priority.word).json")
    }

    @Test(arguments: services)
    func `what is over looks as agreed`(type: String) throws {
        var late = Event.Kind.absence.exampleDetail, failed = Event.Kind.run.exampleDetail
        let then = Timestamp(seconds: 1_795_511_640)
        if case .absence(var detail) = late {
            (detail.state, detail.ending, detail.happenedAt) = (.closed, .happened, then)
            late = .absence(detail)
        }
        if case .run(var detail) = failed {
            detail.recovery = RunDetail.Recovery(at: then, failures: 3)
            failed = .run(detail)
        }
        try expect(.of(.absence, .normal, detail: late), of: type, is: "\(type)/absence.closed.json")
        try expect(.of(.run, .high, detail: failed), of: type, is: "\(type)/run.recovered.json")
    }

    @Test(arguments: services + ["slack"])
    func `a request bears what it can be decided by, and a sample none of it`(type: String) throws {
        var message = Message.of(.approval, .high, link: "https://relay.example/r/77aa")
        message.decideLink = "https://relay.example/a/MQpsaXZl.0a1b2c3dSIGNATURE"
        message.buttons = [
            DecisionButton(.approve, token: "a.fedcba98.C-AbCd.efgh"), DecisionButton(.reject, token: "r.fedcba98.C-AbCd.ijkl"),
        ]
        message.callbackURL = "https://relay.example/hooks/mattermost/ops"
        try expect(message, of: type, is: "\(type)/deciding.json")
        message.label = "Sample"
        let values = try #require(configurations.first { $0.type == type }).values
        let sample = try channel(type, values).preview(message)
        #expect(!sample.contains("fedcba98") && !sample.contains("/a/MQ"))
    }

    @Test(arguments: services)
    func `a sample says what it is, and its button is inert`(type: String) throws {
        let label = "Sample sent by hand: nothing happened, and nothing in it can be decided."
        try expect(.of(link: "https://relay.example/r/77aa", label: label), of: type, is: "\(type)/sample.json")
    }

    @Test(arguments: services)
    func `the operator's mention is called, and nobody else`(type: String) throws {
        try #require(Catalogue.type(named: type)).abilities.mention
            ? try expect(.of(mention: "<@&42> @here"), of: type, is: "\(type)/mention.json") : ()
    }

    private func expect(_ message: Message, of type: String, is name: String) throws {
        let values = try #require(configurations.first { $0.type == type }).values
        let preview = try channel(type, values).preview(message)
        // A form is shown as it is sent, with one field per line.
        if preview.hasPrefix("{") { return expectGolden(json: preview, name) }
        expectGolden(preview.replacing("&", with: "\n&") + "\n", name)
    }

    static let deliveries = services.flatMap { type in [true, false].map { (type, $0) } }

    @Test(arguments: deliveries)
    func `a message is one request, and brings a receipt by which it is changed later`(type: String, isLoud: Bool) async throws {
        let values = try #require(configurations.first { $0.type == type }).values
        let response = try #require(accepted[type])
        let http = ScriptedTransport(status: response.status, body: response.body)
        let channel = try channel(type, values, tools: tools(http: http))
        let receipt = try await channel.deliver(.of(.approval, isLoud ? .urgent : .low))
        #expect(http.requests.count == 1)
        let abilities = try #require(Catalogue.type(named: type)).abilities
        guard abilities.edit else { return }
        #expect(!receipt.remote.isEmpty)
        let updated = try await channel.update(receipt, with: .of(.decision, .normal))
        #expect(updated.remote == receipt.remote)
        #expect(http.requests.count == 2)
    }
}
