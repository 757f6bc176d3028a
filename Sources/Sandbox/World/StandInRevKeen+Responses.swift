import RelayCore

/// The API: each request gets one response.
extension StandInRevKeen {
    /// Handles one request.
    ///
    /// - Parameter request: its path has no `/v2` of the base URL.
    package func answer(_ request: WebRequest) async -> WebResponse {
        let operation = Operation(request)
        requestLog.note(operation)
        if faults.latency > .zero { try? await clock.sleep(for: faults.latency) }
        var answer = admitted(request, operation)
        answer.headers += commonHeaders(request)
        requestLog.note(answer)
        return answer
    }

    private func commonHeaders(_ request: WebRequest) -> [(name: String, value: String)] {
        [("RevKeen-Version", request.header("revkeen-version") ?? "2026-05-01"), ("Date", clock.now.httpDate)]
            + window.headers(limit: faults.rateLimitPerMinute)
    }

    /// Checks a request in the order of a real server: gateway faults, the API key, the rate limit, and only then the operation.
    private func admitted(_ request: WebRequest, _ operation: Operation?) -> WebResponse {
        if let fault = faultNow() { return fault }
        guard let key = request.header("x-api-key"), key.hasPrefix("rk_") else { return .invalidKey }
        if let limit = faults.rateLimitPerMinute, let wait = window.take(limit: limit, now: clock.now) { return .rateLimited(wait) }
        guard let operation else { return .missing("No such endpoint: \(request.method) \(request.path)") }
        if operation.writes && faults.keyScope == .readOnly { return .forbidden }
        if let refusal = unknownParameter(request, operation) { return refusal }
        return operation.writes ? once(request, key: key) { perform(operation, request) } : perform(operation, request)
    }

    private func faultNow() -> WebResponse? {
        let count = requestLog.total
        if let every = faults.dropEvery, every > 0, count % every == 0 { return .dropped }
        if let status = faults.unavailable { return failure(status) }
        if let (n, status) = faults.failEvery, n > 0, count % n == 0 { return failure(status) }
        return nil
    }

    private func failure(_ status: Int) -> WebResponse {
        var answer = faults.htmlErrors && status >= 500 ? WebResponse.page(status) : .failure(status)
        if let wait = faults.retryAfter { answer.headers.append(("Retry-After", wait)) }
        return answer
    }

    private func unknownParameter(_ request: WebRequest, _ operation: Operation) -> WebResponse? {
        guard faults.rejectsUnknownQuery else { return nil }
        let known = operation.queryNames.union(faults.ignoreOffset ? [] : ["offset"])
        return request.query.first { !known.contains($0.name) }.map { .invalid($0.name, "Unrecognized query parameter") }
    }

    /// Runs `work` at most once per `Idempotency-Key`.
    private func once(_ request: WebRequest, key: String, _ work: () -> WebResponse) -> WebResponse {
        guard let idempotencyKey = request.header("idempotency-key") else { return afterEffect(work()) }
        guard (1...255).contains(idempotencyKey.unicodeScalars.count) else {
            return .invalid("Idempotency-Key", "Must have 1 to 255 characters")
        }
        let scope = [key, request.method, request.path, idempotencyKey].joined(separator: "\n")
        switch stored.find(scope, body: request.body, now: clock.now) {
        case .replay(let answer): return afterEffect(answer)
        case .conflict: return .conflict("idempotency_conflict", "This Idempotency-Key was used with another body")
        case .new: break
        }
        if faults.inProgress > 0 {
            arrange { $0.inProgress -= 1 }
            return .conflict("idempotency_in_progress", "A request with this Idempotency-Key is still running")
        }
        let answer = work()
        stored.keep(answer, as: scope, body: request.body, now: clock.now)
        return afterEffect(answer)
    }

    private func afterEffect(_ answer: WebResponse) -> WebResponse {
        guard faults.lostAnswers > 0 else { return answer }
        arrange { $0.lostAnswers -= 1 }
        return .dropped
    }

    private func perform(_ operation: Operation, _ request: WebRequest) -> WebResponse {
        switch operation {
        case .listAutomations: listAutomations(request)
        case .createAutomation: createAutomation(request)
        case .automation(let id): automations[id].map { .data(detail($0)) } ?? .missing("No such automation")
        case .listRuns(let automation): listRuns(automation, request)
        case .startRun(let automation): queueRun(automation, request)
        case .run(let automation, let run): runDetail(automation, run)
        case .listApprovals: listApprovals(request)
        case .approve(let id): decideByCall(id, .approve, request)
        case .reject(let id): decideByCall(id, .reject, request)
        }
    }
}
