package import RelayCore
import RelaySupport
package import Transport

/// The operations of RevKeen's API that the relay uses, each as one request.
/// Nothing is retried here; the caller decides that.
///
/// Source: https://docs.revkeen.com/docs/api-reference
package final class RevKeenClient: Sendable {
    /// The API version that the wire types were written for.
    package static let version = "2026-05-01"
    /// The most bytes of a body that are read.
    /// A full list with large payloads is far smaller.
    package static let maximumAnswer = 8_000_000
    /// How long a response to a read may take while a person waits.
    static let patienceOfAPerson = Duration.seconds(10)
    /// The most entries that one list may be asked for.
    package static let mostEntries = 100

    package let account: RevKeenAccount
    package let budget: RequestBudget
    let transport: any HTTPTransport
    let clock: any WallClock
    let release: String

    /// Creates a client.
    ///
    /// - Parameter release: the relay's own version, for `User-Agent`.
    package init(
        account: RevKeenAccount, transport: any HTTPTransport, budget: RequestBudget, clock: any WallClock, release: String = "1"
    ) {
        self.account = account
        self.transport = transport
        self.budget = budget
        self.clock = clock
        self.release = release
    }

    /// Lists pending and resolved approvals of the whole account.
    /// A wrong `status` may give an empty list, so an empty list proves nothing.
    ///
    /// - Parameters:
    ///   - known: the ids of entries that the caller has and that are left out, so that a large page is not in memory twice.
    ///   - last: the fingerprint of a list that was used. A response with the same bytes is not read.
    ///   - urgency: `.decision` if a person waits for the response.
    package func approvals(
        status: String? = nil, limit: Int = 100, offset: Int? = nil, besides known: Set<String> = [], unlike last: Fingerprint? = nil,
        urgency: RequestBudget.Urgency = .approvals
    ) async throws(RevKeenError) -> Listing<Approval> {
        try await list(
            ["automations", "approvals"], urgency, status: status, limit: limit, offset: offset, besides: known, unlike: last)
    }

    package func automations(
        limit: Int = 100, offset: Int? = nil, besides known: Set<String> = []
    ) async throws(RevKeenError) -> Listing<Automation> {
        try await list(["automations"], .rest, limit: limit, offset: offset, besides: known, unlike: nil)
    }

    /// Reads one automation.
    ///
    /// - Parameter urgency: `.approvals` if an approval waits for this automation.
    package func automation(_ id: String, urgency: RequestBudget.Urgency = .rest) async throws(RevKeenError) -> Automation {
        let call = Call(method: "GET", path: ["automations", try segment(id)], urgency: urgency)
        return try await get(call, or: "no automation with an id") { response throws(JSONSyntaxError) in
            try WireDocument(response.body).item(Automation.self, besides: []).item
        }
    }

    package func runs(
        of automation: String, status: String? = nil, limit: Int = 100, offset: Int? = nil, besides known: Set<String> = [],
        unlike last: Fingerprint? = nil
    ) async throws(RevKeenError) -> Listing<Run> {
        try await list(
            ["automations", try segment(automation), "runs"], .rest, status: status, limit: limit, offset: offset, besides: known,
            unlike: last)
    }

    /// Reads one run with its steps, approvals and notifications.
    ///
    /// - Parameter urgency: `.decision` if a person waits for the response.
    package func run(
        _ id: String, of automation: String, urgency: RequestBudget.Urgency = .rest
    ) async throws(RevKeenError) -> RunDetailResponse {
        let path = ["automations", try segment(automation), "runs", try segment(id)]
        return try await get(Call(method: "GET", path: path, urgency: urgency), or: "no run with an id") {
            response throws(JSONSyntaxError) in
            try RunDetailResponse(response.body)
        }
    }

    /// Approves an approval request.
    ///
    /// - Parameter idempotencyKey: from `decisionKey`; the same on every try of one answer.
    package func approve(_ approval: String, idempotencyKey: String) async throws(RevKeenError) {
        try await decide(approval, "approve", body: nil, idempotencyKey: idempotencyKey)
    }

    /// Rejects an approval request.
    ///
    /// - Parameter reason: sent unchanged. It must be the same on every try, because RevKeen responds 409 to a different body under the
    ///   same key.
    package func reject(
        _ approval: String, reason: String?, idempotencyKey: String
    ) async throws(RevKeenError) {
        let body = reason.flatMap { $0.isEmpty ? nil : JSONValue.object(["reason": .string($0)]).bytes }
        try await decide(approval, "reject", body: body, idempotencyKey: idempotencyKey)
    }
}

extension RevKeenClient {
    private func list<Item: WireItem>(
        _ path: [String], _ urgency: RequestBudget.Urgency, status: String? = nil, limit: Int, offset: Int?, besides known: Set<String>,
        unlike last: Fingerprint?
    ) async throws(RevKeenError) -> Listing<Item> {
        let limit = min(max(limit, 1), Self.mostEntries)
        var query = ["limit=\(limit)"]
        if let status { query.append("status=\(status.percentEncoded)") }
        if let offset { query.append("offset=\(max(offset, 0))") }
        let call = Call(method: "GET", path: path, query: query, keepsBeginning: true, urgency: urgency)
        return try await get(call, or: "no list") { response throws(JSONSyntaxError) in
            let fingerprint = Fingerprint(of: response)
            if let last, fingerprint == last { return Listing(unchanged: response, fingerprint, limit: limit) }
            var listing = try Listing<Item>(response, limit: limit, besides: known)
            listing?.fingerprint = fingerprint
            return listing
        }
    }

    /// Sends a request and reads its answer, which is sent again in its turn if it is large.
    private func get<Answer: Sendable>(
        _ call: Call, or missing: String, _ read: @escaping @Sendable (HTTPResponse) throws(JSONSyntaxError) -> Answer?
    ) async throws(RevKeenError) -> Answer {
        do {
            return try await once(call, or: missing, read)
        } catch {
            guard error.reason == .tooLarge, LargeAnswers.mode == .alone else { throw error }
        }
        let result: Result<Answer, RevKeenError> = await LargeAnswers.inTurn {
            do throws(RevKeenError) {
                return .success(try await once(call, or: missing, read))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// The most bytes of an answer that is read where it comes. A larger one takes milliseconds, and others wait for the thread.
    private static let readAtOnce = 262_144

    private func once<Answer: Sendable>(
        _ call: Call, or missing: String, _ read: @escaping @Sendable (HTTPResponse) throws(JSONSyntaxError) -> Answer?
    ) async throws(RevKeenError) -> Answer {
        let response = try await exchange(call)
        do throws(JSONSyntaxError) {
            let attempt: @Sendable () -> Result<Answer?, JSONSyntaxError> = {
                Result { () throws(JSONSyntaxError) in try read(response) }
            }
            let found = response.body.count > Self.readAtOnce ? await BlockingCall.run(attempt) : attempt()
            if let answer = try found.get() { return answer }
        } catch {
            throw RevKeenError(.badAnswer, error.description, status: response.status)
        }
        throw RevKeenError(.badAnswer, "the answer holds \(missing)", status: response.status)
    }

    private func decide(
        _ approval: String, _ verb: String, body: [UInt8]?, idempotencyKey: String
    ) async throws(RevKeenError) {
        let path = ["automations", "approvals", try segment(approval), verb]
        let call = Call(method: "POST", path: path, body: body, idempotencyKey: idempotencyKey, urgency: .decision)
        let response = try await exchange(call)
        guard DecisionAnswer.confirms(response, approval) else {
            throw RevKeenError(.badAnswer, "the response does not say that it was decided", status: response.status)
        }
    }

    /// Encodes an id as a path segment.
    ///
    /// - Throws: `RevKeenError` before anything is sent, if the id could change the path.
    private func segment(_ id: String) throws(RevKeenError) -> String {
        guard id.isUsableID else { throw RevKeenError(.badRequest, "not an id that RevKeen can know") }
        return id.percentEncoded
    }
}
