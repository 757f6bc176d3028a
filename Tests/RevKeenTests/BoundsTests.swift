import RelayCore
import RelaySupport
import RelayTesting
import RevKeen
import Testing
import Transport

/// What exceeds a bound costs itself, never its neighbours.
struct BoundsTests {
    /// An object of many small members.
    private static func members(_ count: Int) -> String { "{" + (0..<count).map { "\"m\($0)\":1" }.joined(separator: ",") + "}" }
    private static func nested(_ depth: Int) -> String { String(repeating: "[", count: depth) + String(repeating: "]", count: depth) }
    private static func list(_ actions: String) -> String {
        #"{"data":[{"id":"one"},{"id":"big","actions_json":\#(actions),"status":"pending"},{"id":"two"}]}"#
    }

    @Test(arguments: [
        LongText(members(380_000)), LongText(nested(70)), LongText(nested(100_000)),
        LongText("\"" + String(repeating: "x", count: 2_000_000) + "\""),
        LongText("\"" + nested(70) + "\""), LongText("\"[" + String(repeating: "1,", count: 30_000) + "1]\""),
    ])
    func `actions over a bound are cut and said, and the others are whole`(actions: LongText) async throws {
        let listing = try await client(body: Self.list(actions.text)).approvals()
        #expect(listing.items.map(\.id) == ["one", "big", "two"])
        let big = listing.items[1]
        #expect(big.status == "pending")
        let part = try #require(big.cut["actions_json"])
        #expect(part.bytes >= actions.text.utf8.count - 2)
        #expect((big.actions?.string?.utf8.count ?? 0) <= 16_400)
        #expect(listing.complaint?.contains("actions_json of big is cut") == true)
    }

    @Test(arguments: ["a b", "a/b", "é", "a:b"]) func `an entry whose id cannot be used is left out and said`(id: String) async throws {
        let list = #"{"data":[{"id":"one","status":"pending"},{"id":"\#(id)","status":"pending"},{"id":null},null]}"#
        let listing = try await client(body: list).approvals()
        #expect(listing.items.map(\.id) == ["one"])
        #expect(listing.complaint == "entry 2 has an id of other signs than letters, digits, '.', '_' and '-'")
    }

    @Test func `actions within the bounds are whole`() async throws {
        let listing = try await client(body: Self.list(Self.members(19_000))).approvals()
        #expect(listing.items[1].actions?.object?.count == 19_000)
        #expect(listing.items[1].cut.isEmpty)
        #expect(listing.complaint == nil)
    }

    @Test func `a change behind the cut is a change of what is shown, and white space is not`() async throws {
        func hash(_ actions: String) async throws -> String {
            let items = try await client(body: Self.list(actions)).approvals().items
            return ShownApproval.shownHash(state: .open, items[1])
        }
        let long = "[" + String(repeating: "1,", count: 30_000)
        #expect(try await hash(long + "1]") != hash(long + "2]"))
        #expect(try await hash(long + "1]") == hash(long + " 1\n]"))
        #expect(try await hash(long + #""a b"]"#) != hash(long + #""ab"]"#))
        // What is cut is not the same as a text that looks like its beginning.
        let items = try await client(body: Self.list(long + "1]")).approvals().items
        var alike = Approval(id: "big")
        alike.actions = items[1].actions
        #expect(ShownApproval.shownHash(state: .open, items[1]) != ShownApproval.shownHash(state: .open, alike))
    }

    /// In Unicode an accent is part of its letter or follows it. Swift takes both spellings as the same name.
    @Test func `of two members whose names are spelled alike neither hides the other`() async throws {
        func read(_ amount: Int, asText: Bool = false) async throws -> Approval {
            let actions = "{\"caf\u{e9}\":\(amount),\"cafe\u{301}\":1}"
            let written = asText ? JSONValue.string(actions).text : actions
            return try await client(body: Self.list(written)).approvals().items[1]
        }
        for asText in [false, true] {
            let little = try await read(20, asText: asText), much = try await read(20_000, asText: asText)
            #expect(much.actions?.string?.contains("20000") == true)
            #expect(much.cut["actions_json"] != nil)
            #expect(ShownApproval.shownHash(state: .open, little) != ShownApproval.shownHash(state: .open, much))
        }
    }

    @Test func `an entry that is no JSON is skipped and said`() async throws {
        let listing = try await client(body: #"{"data":[{"id":"one"},{"id":nonsense},{"id":"two"}]}"#).approvals()
        #expect(listing.items.map(\.id) == ["one", "two"])
        #expect(listing.skipped == 1)
        #expect(listing.complaint?.contains("entry 2") == true)
    }

    @Test func `a list is taken as far as the limit, and the rest is named`() async throws {
        let body = "{\"data\":[" + (0..<100_000).map { "{\"id\":\"a\($0)\"}" }.joined(separator: ",") + "]}"
        let listing = try await client(ScriptedTransport(status: 200, body: body)).approvals()
        #expect(listing.items.count == 100)
        #expect(listing.complaint == "of its 100000 entries only 100 are read, as asked for")
    }

    @Test(arguments: ["\u{FEFF}", "\u{202E}", "\u{2066}", "\u{7}"])
    func `of two members whose names look alike both are shown and hashed`(mark: String) async throws {
        let read = { (hidden: Int) in
            let actions = JSONValue.object(["amount": .int(hidden), "amount\(mark)": 1, "amount (2)": 7]).text
            return try await client(body: Self.list(actions)).approvals().items[1]
        }
        let little = try await read(12), much = try await read(1_000_000)
        #expect(much.actions == ["amount": 1_000_000, "amount (2)": 7, "amount (3)": 1] || much.actions?.text.contains("1000000") == true)
        #expect(ShownApproval.shownHash(state: .open, little) != ShownApproval.shownHash(state: .open, much))
    }

    @Test func `entries that the caller has are left out, and the list is as full as before`() async throws {
        let body = #"{"data":[{"id":"one"},{"id":"two"},{},{"id":"three"}]}"#
        let listing = try await client(body: body).approvals(limit: 4, besides: ["one", "three", "four"])
        #expect(listing.items.map(\.id) == ["two"] && listing.skipped == 1 && listing.repeated == 2 && listing.isFull)
    }

    @Test func `of a list over the bytes the first whole entries are taken`() async throws {
        let transport = ScriptedTransport { request in
            guard request.maximumAnswer > 1_000_000 else { return .failure(TransportError(.tooLarge, sent: true, "too large")) }
            #expect(request.keepsBeginning)
            return .success(HTTPResponse(status: 200, body: Array(#"{"data":[{"id":"one"},{"id":"two"},{"id":"thr"#.utf8), isCut: true))
        }
        let listing = try await client(transport).approvals()
        #expect(listing.items.map(\.id) == ["one", "two"])
        #expect(listing.complaint?.contains("only its first 2 entries are read") == true)
    }

    @Test func `a list that ends early although the answer is whole is none`() async throws {
        let client = try client(body: #"{"data":[{"id":"one"},{"id""#)
        let error = await failure { () async throws(RevKeenError) in try await client.approvals() }
        #expect(error?.reason == .badAnswer)
    }

    @Test func `a run's detail is read entry by entry`() async throws {
        let body =
            #"{"data":{"id":"r1","summary":"fine","steps":[{"id":"s1"}],"approvals":[{"id":"a1","actions_json":\#(Self.nested(70))}],"#
            + #""notifications":[{"id":"n1","payload_json":\#(Self.members(30_000))},{"id":"n2","message":"m"}]}}"#
        let detail = try await client(body: body).run("r1", of: "au")
        #expect(detail.run.summary == "fine")
        #expect(detail.approvals.first?.cut["actions_json"] != nil)
        #expect(detail.notifications.map(\.id) == ["n1", "n2"])
        #expect(detail.notifications[0].cut["payload_json"] != nil)
        #expect(detail.complaint?.contains("actions_json of a1 is cut") == true)
    }

    @Test func `two large answers are never read at once`() async throws {
        let now = Locked((inside: 0, most: 0))
        let transport = ScriptedTransport { request in
            guard request.maximumAnswer > 1_000_000 else { return .failure(TransportError(.tooLarge, sent: true, "too large")) }
            now.withLock { $0 = ($0.inside + 1, max($0.most, $0.inside + 1)) }
            for _ in 0..<20 { await Task.yield() }
            now.withLock { $0.inside -= 1 }
            return .success(HTTPResponse(status: 200, body: Array(#"{"data":[]}"#.utf8)))
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                let client = try client(transport)
                group.addTask { try await LargeAnswers.work { _ = try await client.approvals() } }
                group.addTask { _ = try await client.runs(of: "a") }
            }
            try await group.waitForAll()
        }
        #expect(now.withLock { $0.most } == 1)
        #expect(transport.requests.count == 32)
    }
}
