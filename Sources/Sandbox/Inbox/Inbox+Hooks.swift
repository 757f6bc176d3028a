import RelayCore

/// The HTTP receivers: `POST /hooks/slack/…` and `POST /hooks/web/…`.
extension Inbox {
    /// - Parameter request: with its path from `/hooks` on.
    package func receive(_ request: WebRequest) async -> WebAnswer {
        guard request.method == "POST" else {
            return WebAnswer(405, headers: [("Allow", "POST"), ("Content-Type", "text/plain")], body: Array("post here\n".utf8))
        }
        if faults.hookDelay > .zero { try? await clock.sleep(for: faults.hookDelay) }
        if let refusal = refusalNow() {
            refused += 1
            return refusal
        }
        let answer = judged(request)
        if answer.status >= 300 { refused += 1 }
        guard answer.status < 300, faults.lostAnswers > 0 else { return answer }
        faults.lostAnswers -= 1
        return .dropped
    }

    private func refusalNow() -> WebAnswer? {
        if let refusal = faults.always { return WebAnswer(refusal) }
        if !faults.next.isEmpty { return WebAnswer(faults.next.removeFirst()) }
        guard let capacity = faults.capacityPerSecond else { return nil }
        let now = clock.now.seconds
        if second.at != now { second = (now, 0) }
        second.count += 1
        return second.count > capacity ? WebAnswer(InboxFaults.Refusal(429, retryAfter: "1", body: "slow down")) : nil
    }

    private func judged(_ request: WebRequest) -> WebAnswer {
        let place = request.segments.dropFirst(2).joined(separator: "/")
        switch request.segments.dropFirst().first {
        case "slack": return takeSlack(request, place: place)
        case "web" where !place.isEmpty: return takeWebhook(request, place: place)
        default: return WebAnswer(404, type: "text/plain", "no_service")
        }
    }

    /// Answers as an incoming webhook of Slack does.
    /// Source: https://api.slack.com/changelog/2016-05-17-changes-to-errors-for-incoming-webhooks
    private func takeSlack(_ request: WebRequest, place: String) -> WebAnswer {
        if mode == .recording, let problem = SlackCheck.problem(in: request.body) {
            return WebAnswer(400, type: "text/html", problem)
        }
        take(.slack, place: place, identity: nil, headers: request.headers, raw: request.body)
        return WebAnswer(200, type: "text/html", "ok")
    }

    private func takeWebhook(_ request: WebRequest, place: String) -> WebAnswer {
        if mode == .recording, (try? JSONValue(parsing: request.body)) == nil {
            return WebAnswer(400, type: "text/plain", "the body is no JSON\n")
        }
        take(.webhook, place: place, identity: request.header("webhook-id"), headers: request.headers, raw: request.body)
        return WebAnswer(204)
    }
}

extension WebAnswer {
    fileprivate init(_ refusal: InboxFaults.Refusal) {
        self.init(refusal.status, type: "text/plain", refusal.body)
        if let wait = refusal.retryAfter { headers.append(("Retry-After", wait)) }
    }
}
