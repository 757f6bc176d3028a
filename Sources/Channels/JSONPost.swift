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
    ///   - takes: whether a good response has the service's own sign of acceptance. One without it, and without a word of error, is
    ///     accepted too, with a remark.
    ///   - sharpen: takes the common verdict (nil means a good status), the response, and its body if that is JSON. Returns the verdict to
    ///     use. Its rule for a good status is `HTTPResponse.errorInBody`.
    /// - Returns: the accepted response.
    /// - Throws: the verdict, if the message was not accepted.
    func send(
        _ request: HTTPRequest, isIdempotent: Bool, takes: (HTTPResponse, JSONValue) -> Bool,
        sharpen: (DeliveryError?, HTTPResponse, JSONValue) -> DeliveryError?
    ) async throws(DeliveryError) -> Accepted {
        var request = request
        request.guardsAgainstResend = !isIdempotent
        request.need = .words
        let response: HTTPResponse
        do throws(TransportError) {
            response = try await tools.http.send(request)
        } catch {
            throw judge(error, idempotent: isIdempotent)
        }
        let json = (try? JSONValue(parsing: response.body)) ?? .null
        if let error = sharpen(judge(response, now: tools.clock.now), response, json) { throw error.tooLargeIsTrimmings }
        let isKnown = (200...299).contains(response.status) ? takes(response, json) : true
        return Accepted(response: response, json: json, remark: response.remark(json, isKnown: isKnown))
    }

    /// A response that accepted a message.
    struct Accepted {
        var response: HTTPResponse
        /// The body; `.null` if there is none or it is not JSON.
        var json: JSONValue
        var remark: Receipt.Remark?

        func receipt(_ remote: [String: String] = [:], pause: Duration? = nil) -> Receipt {
            var receipt = Receipt(remote, pause: pause)
            receipt.remark = remark
            return receipt
        }

        /// An earlier receipt that stays valid.
        func keeping(_ earlier: Receipt, pause: Duration? = nil) -> Receipt {
            var receipt = earlier
            receipt.pause = pause
            receipt.remark = remark
            return receipt
        }
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
    /// A refusal for length is one of trimmings: the plainest shape is shorter.
    var tooLargeIsTrimmings: DeliveryError {
        guard verdict == .refused, reason == .tooLarge else { return self }
        var error = self
        error.verdict = .trimmings
        return error
    }

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
