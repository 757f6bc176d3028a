import RelayCore
import Transport

/// One exchange with an HTTP API that takes and gives JSON.
struct JSONPost: Sendable {
    let tools: ChannelTools
    let network: NetworkOptions

    /// Sends, and judges what comes back: the common judgement first, and then whatever the service's own words sharpen it to.
    ///
    /// - Parameters:
    ///   - isIdempotent: a resend bears a key by which the service drops it. Without one libcurl's own resend is stopped.
    ///   - sharpen: gets the common judgement (nil: accepted), the answer, and its body if that is JSON. Returns the judgement that counts.
    /// - Returns: the answer and its body; `.null` where there is none or no JSON.
    func send(
        _ request: HTTPRequest, isIdempotent: Bool, sharpen: (DeliveryError?, HTTPResponse, JSONValue) -> DeliveryError?
    ) async throws(DeliveryError) -> (answer: HTTPResponse, json: JSONValue) {
        var request = request
        request.guardsAgainstResend = !isIdempotent
        let answer: HTTPResponse
        do throws(TransportError) {
            answer = try await tools.http.send(request)
        } catch {
            throw judge(error, idempotent: isIdempotent)
        }
        let json = (try? JSONValue(parsing: answer.body)) ?? .null
        if let error = sharpen(judge(answer, now: tools.clock.now), answer, json) { throw error }
        return (answer, json)
    }

    func request(
        _ method: String, _ url: Secret, json: JSONValue, headers: [(name: String, value: Secret)] = []
    ) -> HTTPRequest {
        HTTPRequest(
            method, url,
            headers: [
                ("Content-Type", Secret("application/json; charset=utf-8")), tools.userAgent,
            ] + headers, body: json.bytes, network: network)
    }
}

extension DeliveryError {
    /// The wait that a service states in seconds, within what is believed; nil for what is no number.
    static func wait(seconds value: JSONValue?) -> Duration? {
        guard let text = value?.word, let seconds = Double(text), seconds.isFinite, seconds >= 0 else { return nil }
        return min(max(.milliseconds(Int64((min(seconds, 1e6) * 1000).rounded(.up))), .milliseconds(100)), RetryAfter.believed.upperBound)
    }

    /// A word of a service's own in an answer, as it may be repeated: short, one line, and only what words are made of.
    static func said(_ status: Int, _ word: String?) -> String {
        let text = String(decoding: (word ?? "").utf8.filter(isWordByte).prefix(80), as: UTF8.self)
        return "answered \(status)" + (text.isEmpty ? "" : ": \(text)")
    }
}

private func isWordByte(_ byte: UInt8) -> Bool {
    byte.isAlphanumeric || "_.- '".utf8.contains(byte)
}
