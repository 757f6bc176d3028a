import RelayCore
import RelaySupport

/// The HTTP receivers: `POST /hooks/slack/…`, `POST /hooks/web/…`, and the doubles of other services at `/hooks/<kind>/…`.
extension Inbox {
    /// Receives one HTTP request.
    ///
    /// - Parameter request: its path begins with `/hooks`.
    package func receive(_ request: WebRequest) async -> WebResponse {
        let double = request.segments.dropFirst().first.flatMap(ServiceDoubles.named)
        guard request.method == "POST" || double != nil else {
            return WebResponse(405, headers: [("Allow", "POST"), ("Content-Type", "text/plain")], body: Array("post here\n".utf8))
        }
        if faults.hookDelay > .zero { try? await clock.sleep(for: faults.hookDelay) }
        if let refusal = refusalNow(double) {
            refused += 1
            return refusal
        }
        let answer = double.map { judged(request, by: $0) } ?? judged(request)
        if answer.status >= 300 { refused += 1 }
        guard answer.status < 300, faults.lostAnswers > 0 else { return answer }
        faults.lostAnswers -= 1
        return .dropped
    }

    private func refusalNow(_ double: (any ServiceDouble.Type)?) -> WebResponse? {
        if let refusal = faults.always { return WebResponse(refusal) }
        if !faults.next.isEmpty { return WebResponse(faults.next.removeFirst()) }
        if let fault = faultOfEveryNth(double) { return fault }
        guard let capacity = faults.capacityPerSecond else { return nil }
        let now = clock.now.seconds
        if second.at != now { second = (now, 0) }
        second.count += 1
        return second.count > capacity ? tooMany(double) : nil
    }

    private func tooMany(_ double: (any ServiceDouble.Type)?) -> WebResponse {
        double?.tooMany(seconds: 1, now: clock.now) ?? WebResponse(InboxFaults.Refusal(429, retryAfter: "1", body: "slow down"))
    }

    /// Returns by turns a rate limit, a server error and a dropped connection, before anything is done; nil if it is no n-th request.
    private func faultOfEveryNth(_ double: (any ServiceDouble.Type)?) -> WebResponse? {
        guard let every = faults.every, every > 0 else { return nil }
        arrivals += 1
        guard arrivals % every == 0 else { return nil }
        switch arrivals / every % 3 {
        case 0: return tooMany(double)
        case 1: return WebResponse(500, type: "text/html", "<html>Internal Server Error</html>")
        default: return .dropped
        }
    }

    private func judged(_ request: WebRequest, by double: any ServiceDouble.Type) -> WebResponse {
        let asked = ServiceRequest(
            method: request.method, segments: Array(request.segments.dropFirst(2)), query: request.query, headers: request.headers,
            body: request.body, exists: changeable)
        let place = request.segments.dropFirst(2).joined(separator: "/")
        switch double.judge(asked) {
        case .refused(let answer), .answered(let answer): return answer
        case .listened(let position, let answer): return answer(updates(after: position))
        case .told(let query, let text, let answer):
            told.append((query, text))
            return answer
        case .posted(let payload, nil, let answer): return answer(taken(double.kind, place, nil, request, payload))
        case .posted(let payload, let key?, let answer):
            let name = "\(double.kind.rawValue)/\(key)"
            if let number = numbers[name] {
                note(repeatOf: key)
                return answer(number)
            }
            numbers[name] = taken(double.kind, place, key, request, payload)
            return answer(count)
        case .edited(let number, let payload, let answer):
            change(number, raw: request.body, payload: payload)
            return answer
        case .replaced(let payload, let key, let answer):
            let name = "\(double.kind.rawValue)/\(key)"
            if let number = numbers[name] {
                note(repeatOf: key)
                change(number, raw: request.body, payload: payload)
                return answer(number)
            }
            numbers[name] = taken(double.kind, place, key, request, payload)
            return answer(count)
        }
    }

    /// Presses a button under a Telegram message.
    /// The press is stored until it is fetched.
    ///
    /// - Parameters:
    ///   - data: the button's callback data.
    ///   - chat: the chat of the message with the button; nil for a message that the bot did not send.
    package func press(telegram data: String, user: Int, name: String, chat: Int? = -100, type: String = "group") {
        let number = pressed + 1
        pressed = number
        kept(update: [
            "update_id": .int(number),
            "callback_query": [
                "id": .string("query-\(number)"), "from": ["id": .int(user), "first_name": .string(name), "is_bot": false],
                "data": .string(data),
                "message": chat.map { ["message_id": 1, "chat": ["id": .int($0), "type": .string(type)]] } ?? .null,
            ],
        ])
    }

    /// Sends a message to a Telegram chat that replies to another one.
    ///
    /// - Parameter message: the number of the message that it replies to; nil for a message that replies to none.
    package func say(telegram text: String, to message: Int?, user: Int, name: String, chat: Int = -100) {
        let number = pressed + 1
        pressed = number
        kept(update: [
            "update_id": .int(number),
            "message": [
                "message_id": .int(10_000 + number), "chat": ["id": .int(chat), "type": "group"], "text": .string(text),
                "from": ["id": .int(user), "first_name": .string(name), "is_bot": false],
                "reply_to_message": message.map { ["message_id": .int($0), "chat": ["id": .int(chat)]] } ?? .null,
            ],
        ])
    }

    private func taken(
        _ kind: InboxMessage.Kind, _ place: String, _ identity: String?, _ request: WebRequest, _ payload: JSONValue?
    ) -> Int {
        take(kind, place: place, identity: identity, headers: request.headers, raw: request.body, payload: payload)
        return count
    }

    private func judged(_ request: WebRequest) -> WebResponse {
        let place = request.segments.dropFirst(2).joined(separator: "/")
        switch request.segments.dropFirst().first {
        case "slack": return takeSlack(request, place: place)
        case "web" where !place.isEmpty: return takeWebhook(request, place: place)
        default: return WebResponse(404, type: "text/plain", "no_service")
        }
    }

    /// Responds as Slack's incoming webhooks do.
    /// Source: https://api.slack.com/changelog/2016-05-17-changes-to-errors-for-incoming-webhooks
    private func takeSlack(_ request: WebRequest, place: String) -> WebResponse {
        if mode == .recording, let problem = SlackCheck.problem(in: request.body) {
            return WebResponse(400, type: "text/html", problem)
        }
        take(.slack, place: place, identity: nil, headers: request.headers, raw: request.body)
        return WebResponse(200, type: "text/html", "ok")
    }

    private func takeWebhook(_ request: WebRequest, place: String) -> WebResponse {
        if mode == .recording, (try? JSONValue(parsing: request.body)) == nil {
            return WebResponse(400, type: "text/plain", "the body is no JSON\n")
        }
        take(.webhook, place: place, identity: request.header("webhook-id"), headers: request.headers, raw: request.body)
        return WebResponse(204)
    }
}

extension WebResponse {
    fileprivate init(_ refusal: InboxFaults.Refusal) {
        self.init(refusal.status, type: "text/plain", refusal.body)
        if let wait = refusal.retryAfter { headers.append(("Retry-After", wait)) }
    }
}
