import CCurl
import Glibc
import RelayCore
import RelaySupport

/// HTTP over one libcurl multi handle, driven by a separate thread. Connections are kept and reused.
///
/// A multi handle belongs to one thread. Callers put commands in an inbox and wake the thread; this is the only call that libcurl allows
/// from other threads (https://curl.se/libcurl/c/curl_multi_wakeup.html). The thread starts with the first request. If the system has no
/// thread to give, that request fails and the next one tries again.
package final class HTTPClient: HTTPTransport {
    private enum Command {
        case add(Transfer)
        case cancel(Transfer)
    }

    private struct Inbox {
        var commands: [Command] = []
        /// The thread was started.
        var isRunning = false
        var isStopped = false
        /// The loop has freed the multi handle, which must not be woken any more.
        var hasEnded = false
    }

    /// Nil if there was no memory for it; then every request fails.
    private let multi: Handle?
    private let startThread: CurlThread.Start
    private let policy: OutgoingPolicy
    private let inbox = Locked(Inbox())
    private let idle = Locked<[Handle]>([])
    private static let idleHandles = 64

    package convenience init() { self.init(policy: OutgoingPolicy()) }

    init(startThread: @escaping CurlThread.Start = CurlThread.start, policy: OutgoingPolicy = OutgoingPolicy()) {
        _ = Libcurl.start
        self.startThread = startThread
        self.policy = policy
        multi = Handle(curl_multi_init())
        guard let multi else { return }
        _ = relay_multi_set_long(multi.pointer, CURLMOPT_MAXCONNECTS, 100)
        // Where HTTP/2 streams share a connection, libcurl can lose the head of a response whose stream is reset at once, as nginx does when
        // a body is cut. Without its head an accepted message would be sent again.
        _ = relay_multi_set_long(multi.pointer, CURLMOPT_PIPELINING, Int(CURLPIPE_NOTHING))
    }

    /// Ends all transfers in progress with `.cancelled` and frees everything. Later requests are refused.
    package func shutdown() {
        inbox.withLock { inbox in
            guard !inbox.isStopped, let multi else { return }
            inbox.isStopped = true
            if inbox.isRunning {
                curl_multi_wakeup(multi.pointer)
            } else {
                inbox.hasEnded = true
                curl_multi_cleanup(multi.pointer)
            }
        }
    }

    package func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse {
        if let fault = request.fault { throw TransportError(.badRequest, sent: false, fault) }
        guard let address = WebAddress(request.url.reveal()) else {
            throw TransportError(.badRequest, sent: false, "the URL cannot be read, or is not http or https")
        }
        let judge = try await policy.judge(address.host, scheme: address.scheme, network: request.network)
        guard let multi, let handle = idle.withLock({ $0.popLast() }) ?? Handle(curl_easy_init()) else { throw .exhausted("memory") }
        let transfer = Transfer(request, handle, judge)
        let result: Result<HTTPResponse, TransportError> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                transfer.continuation = continuation
                if let refusal = leave(.add(transfer), multi) { abandon(transfer, refusal) }
            }
        } onCancel: {
            transfer.isCancelled.withLock { $0 = true }
            _ = leave(.cancel(transfer), multi)
        }
        return try result.get()
    }

    /// Leaves a command for the thread. Returns nil if it was taken, else why not.
    private func leave(_ command: Command, _ multi: Handle) -> TransportError? {
        inbox.withLock { inbox in
            guard !inbox.hasEnded, !inbox.isStopped else { return TransportError(.cancelled, sent: false, "the client is shut down") }
            if !inbox.isRunning { inbox.isRunning = startThread { [self] in loop(multi) } }
            guard inbox.isRunning else { return .exhausted("thread") }
            inbox.commands.append(command)
            curl_multi_wakeup(multi.pointer)
            return nil
        }
    }

    /// Runs on the thread from start to end.
    private func loop(_ multi: Handle) {
        // This keeps the transfers alive while libcurl holds raw pointers to them.
        var live: [UnsafeMutableRawPointer: Transfer] = [:]
        while true {
            let (commands, isStopped) = inbox.withLock { inbox in
                defer { inbox.commands.removeAll(keepingCapacity: true) }
                return (inbox.commands, inbox.isStopped)
            }
            for command in commands { obey(command, multi, &live) }
            if isStopped { break }
            var running: Int32 = 0
            curl_multi_perform(multi.pointer, &running)
            collect(multi, &live)
            curl_multi_poll(multi.pointer, nil, 0, 1_000, nil)
        }
        end(multi, live)
    }

    private func obey(_ command: Command, _ multi: Handle, _ live: inout [UnsafeMutableRawPointer: Transfer]) {
        switch command {
        case .add(let transfer):
            // A cancellation can arrive before its add command.
            if transfer.isCancelled.withLock({ $0 }) { return abandon(transfer, "cancelled before it began") }
            live[transfer.handle.pointer] = transfer
            guard curl_multi_add_handle(multi.pointer, transfer.handle.pointer) == CURLM_OK else {
                live[transfer.handle.pointer] = nil
                return abandon(transfer, "libcurl did not take the request")
            }
        case .cancel(let transfer):
            guard live[transfer.handle.pointer] === transfer else { return }
            curl_multi_remove_handle(multi.pointer, transfer.handle.pointer)
            live[transfer.handle.pointer] = nil
            abandon(transfer, "cancelled")
        }
    }

    private func collect(_ multi: Handle, _ live: inout [UnsafeMutableRawPointer: Transfer]) {
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi.pointer, &left) {
            guard relay_done(message) != 0, let handle = message.pointee.easy_handle else { continue }
            let code = relay_result(message)
            // The message is invalid after this call.
            curl_multi_remove_handle(multi.pointer, handle)
            guard let transfer = live[handle] else { continue }
            if transfer.repeatsAfterOldTimeout(code), curl_multi_add_handle(multi.pointer, handle) == CURLM_OK { continue }
            live[handle] = nil
            transfer.finish(code)
            keep(transfer.handle)
        }
    }

    private func keep(_ handle: Handle) {
        curl_easy_reset(handle.pointer)
        let isKept = idle.withLock { idle in
            guard idle.count < Self.idleHandles else { return false }
            idle.append(handle)
            return true
        }
        if !isKept { curl_easy_cleanup(handle.pointer) }
    }

    private func abandon(_ transfer: Transfer, _ why: String) {
        abandon(transfer, TransportError(.cancelled, sent: transfer.wasSent, why))
    }

    private func abandon(_ transfer: Transfer, _ error: TransportError) {
        transfer.resume(.failure(error))
        curl_easy_cleanup(transfer.handle.pointer)
    }

    private func end(_ multi: Handle, _ live: [UnsafeMutableRawPointer: Transfer]) {
        for transfer in live.values {
            curl_multi_remove_handle(multi.pointer, transfer.handle.pointer)
            abandon(transfer, "the client was shut down")
        }
        let late = inbox.withLock { inbox in
            inbox.hasEnded = true
            defer { inbox.commands = [] }
            return inbox.commands
        }
        for case .add(let transfer) in late { abandon(transfer, "the client was shut down") }
        idle.withLock { idle in
            for handle in idle { curl_easy_cleanup(handle.pointer) }
            idle = []
        }
        curl_multi_cleanup(multi.pointer)
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
