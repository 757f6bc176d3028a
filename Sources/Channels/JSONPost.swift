import RelayCore
import RelaySupport
import Transport

/// One exchange with an HTTP API that takes and returns JSON.
struct JSONPost: Sendable {
    let tools: ChannelTools
    let network: NetworkOptions

    /// Sends a request and judges the response: the common verdict first, then the service's own refinement.
    ///
    /// - Parameters:
    ///   - isIdempotent: the service recognises and drops a resend. If false, libcurl's own resend is prevented.
    ///   - sharpen: takes the common verdict (nil means accepted), the response, and its body if that is JSON. Returns the verdict to use.
    /// - Returns: the response and its body; `.null` if there is none or it is not JSON.
    /// - Throws: the verdict, if the message was not accepted.
    func send(
        _ request: HTTPRequest, isIdempotent: Bool, sharpen: (DeliveryError?, HTTPResponse, JSONValue) -> DeliveryError?
    ) async throws(DeliveryError) -> (response: HTTPResponse, json: JSONValue) {
        var request = request
        request.guardsAgainstResend = !isIdempotent
        let response: HTTPResponse
        do throws(TransportError) {
            response = try await tools.http.send(request)
        } catch {
            throw judge(error, idempotent: isIdempotent)
        }
        let json = (try? JSONValue(parsing: response.body)) ?? .null
        if let error = sharpen(judge(response, now: tools.clock.now), response, json) { throw error }
        return (response, json)
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
    /// The wait that a service states in seconds, limited to 0.1 s up to the longest wait that `RetryAfter` believes; nil if it is no
    /// number.
    static func wait(seconds value: JSONValue?) -> Duration? {
        guard let text = value?.word, let seconds = Double(text), seconds.isFinite, seconds >= 0 else { return nil }
        return min(max(.milliseconds(Int64((min(seconds, 1e6) * 1000).rounded(.up))), .milliseconds(100)), RetryAfter.believed.upperBound)
    }

    /// A detail with the status and a service's own word, made safe to repeat: at most 80 bytes of letters, digits, spaces and a few marks.
    static func said(_ status: Int, _ word: String?) -> String {
        let text = String(decoding: (word ?? "").utf8.filter(isWordByte).prefix(80), as: UTF8.self)
        return "answered \(status)" + (text.isEmpty ? "" : ": \(text)")
    }
}

private func isWordByte(_ byte: UInt8) -> Bool {
    byte.isAlphanumeric || "_.- '".utf8.contains(byte)
}
