import RelayCore
import RelaySupport

/// HTTP over the transfers of a loop.
///
/// If the system has no thread to give, a request fails and the next one tries again.
package final class HTTPClient: HTTPTransport {
    private let loop: NetworkLoop
    private let policy: OutgoingPolicy
    private let origins = KnownOrigins()

    /// - Parameter loop: does nothing else if none is given. `shutdown` stops it.
    package convenience init(on loop: NetworkLoop = NetworkLoop()) { self.init(loop, policy: OutgoingPolicy()) }

    init(_ loop: NetworkLoop = NetworkLoop(), policy: OutgoingPolicy) {
        self.loop = loop
        self.policy = policy
    }

    convenience init(startThread: @escaping BlockingThread.Start) {
        self.init(NetworkLoop(startThread: startThread), policy: OutgoingPolicy())
    }

    /// Ends all transfers in progress with `.cancelled` and frees everything. Later requests are refused.
    package func shutdown() { loop.stop() }

    package func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse {
        if let fault = request.fault { throw TransportError(.badRequest, sent: false, fault) }
        guard let address = origins.address(request.url.reveal()) else {
            throw TransportError(.badRequest, sent: false, "the URL cannot be read, or is not http or https")
        }
        let judge = try await policy.judge(address.host, scheme: address.scheme, network: request.network)
        guard let transfers = loop.transfers, let handle = transfers.handle() else { throw .exhausted("memory") }
        let transfer = Transfer(request, to: address, handle, judge)
        let result: Result<HTTPResponse, TransportError> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                transfer.continuation = continuation
                let refusal = loop.perform { transfers.add(transfer) }
                if let refusal { transfers.abandon(transfer, refusal) }
            }
        } onCancel: {
            transfer.isCancelled.withLock { $0 = true }
            _ = loop.perform { transfers.cancel(transfer) }
        }
        return try result.get()
    }
}

extension HTTPRequest {
    /// Why the headers cannot be sent; nil if they can.
    fileprivate var fault: String? {
        for (name, value) in headers {
            let breaks: (UInt8) -> Bool = { $0 == 0 || $0 == 10 || $0 == 13 }
            if name.utf8.contains(where: breaks) || value.reveal().utf8.contains(where: breaks) { return "a header holds a line break" }
        }
        return nil
    }
}
