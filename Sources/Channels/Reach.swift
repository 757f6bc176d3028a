import RelayCore
import RelaySupport
import Transport

extension HTTPRequest {
    /// A POST of a JSON document to an address that is a credential.
    static func posting(
        _ body: [UInt8], as type: String, to address: HTTPAddress, tools: ChannelTools, network: NetworkOptions
    ) -> HTTPRequest {
        HTTPRequest(
            "POST", address.url,
            headers: [("Content-Type", Secret(type)), tools.userAgent], body: body, network: network)
    }
}

/// Requests `/` of the bare host. This tests DNS, TCP and TLS; it does not use the credential in the path and delivers nothing.
func reach(_ address: HTTPAddress, over http: any HTTPTransport, network: NetworkOptions) async -> [Finding] {
    let request = HTTPRequest("GET", Secret(address.origin + "/"), network: network)
    let untried = Finding(ok: nil, "the address itself was not tried: that would deliver a message")
    do throws(TransportError) {
        _ = try await http.send(request)
        return [Finding(ok: true, "\(address.origin) answers"), untried]
    } catch {
        let answers = error.reason == .tooLarge
        return [
            Finding(ok: answers, "\(address.origin) " + (answers ? "answers" : "does not answer: \(error.description)")), untried,
        ]
    }
}

extension JSONPost {
    /// Makes a harmless request to an API with its credential, and reports the result.
    ///
    /// - Parameters:
    ///   - takes: whether a good response comes from this kind of service.
    ///   - sharpen: the same as for `send`.
    func ask(
        _ request: HTTPRequest, _ what: String, takes: (HTTPResponse, JSONValue) -> Bool,
        sharpen: (DeliveryError?, HTTPResponse, JSONValue) -> DeliveryError?
    ) async -> [Finding] {
        let untried = Finding(ok: nil, "whether it may post was not tried: that would deliver a message")
        do throws(TransportError) {
            let response = try await tools.http.send(request)
            let json = (try? JSONValue(parsing: response.body)) ?? .null
            if let error = sharpen(judge(response, now: tools.clock.now), response, json) {
                return [Finding(ok: false, "\(what) \(error.detail)"), untried]
            }
            guard takes(response, json) else {
                let came = response.isPage ? "a web page" : "something else"
                return [Finding(ok: false, "\(what) answers \(response.status) with \(came), not as this kind of service does"), untried]
            }
            return [Finding(ok: true, "\(what) answers and knows us"), untried]
        } catch {
            return [Finding(ok: false, "\(what) does not answer: \(error.description)"), untried]
        }
    }
}
