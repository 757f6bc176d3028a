import CCurl
import RelaySupport

/// The transfers of a multi handle. Connections are kept and reused.
///
/// A multi handle belongs to one thread; `wake` is the only call that libcurl allows from other threads
/// (https://curl.se/libcurl/c/curl_multi_wakeup.html).
///
/// `@unchecked Sendable`: all else is used on the loop's thread alone; `idle` has a lock.
final class TransferTable: @unchecked Sendable {
    private let multi: Handle
    /// This keeps the transfers alive while libcurl holds raw pointers to them.
    private var live: [UnsafeMutableRawPointer: Transfer] = [:]
    private let idle = Locked<[Handle]>([])
    private static let mostIdle = 128

    init?() {
        guard let multi = Handle(curl_multi_init()) else { return nil }
        self.multi = multi
        _ = relay_multi_set_long(multi.pointer, CURLMOPT_MAXCONNECTS, 200)
        // Where HTTP/2 streams share a connection, libcurl can lose the head of a response whose stream is reset at once, as nginx does when
        // a body is cut. Without its head an accepted message would be sent again.
        _ = relay_multi_set_long(multi.pointer, CURLMOPT_PIPELINING, Int(CURLPIPE_NOTHING))
    }

    /// An easy handle for one transfer, from any thread; nil if there is no memory for it.
    func handle() -> Handle? { idle.withLock { $0.popLast() } ?? Handle(curl_easy_init()) }

    /// Ends a wait, from any thread.
    func wake() { curl_multi_wakeup(multi.pointer) }

    func add(_ transfer: Transfer) {
        // A cancellation can arrive before the transfer is added.
        if transfer.isCancelled.withLock({ $0 }) { return abandon(transfer, "cancelled before it began") }
        live[transfer.handle.pointer] = transfer
        guard curl_multi_add_handle(multi.pointer, transfer.handle.pointer) == CURLM_OK else {
            live[transfer.handle.pointer] = nil
            return abandon(transfer, "libcurl did not take the request")
        }
    }

    func cancel(_ transfer: Transfer) {
        guard live[transfer.handle.pointer] === transfer else { return }
        curl_multi_remove_handle(multi.pointer, transfer.handle.pointer)
        live[transfer.handle.pointer] = nil
        abandon(transfer, "cancelled")
    }

    /// Does what can be done without waiting.
    func advance() {
        guard !live.isEmpty else { return }
        var running: Int32 = 0
        curl_multi_perform(multi.pointer, &running)
        collect()
    }

    /// Waits until the network has something, `wake` is called, or the time is over.
    func poll(milliseconds: Int32) { curl_multi_poll(multi.pointer, nil, 0, milliseconds, nil) }

    private func collect() {
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
            guard idle.count < Self.mostIdle else { return false }
            idle.append(handle)
            return true
        }
        if !isKept { curl_easy_cleanup(handle.pointer) }
    }

    private func abandon(_ transfer: Transfer, _ why: String) {
        abandon(transfer, TransportError(.cancelled, sent: transfer.wasSent, why))
    }

    func abandon(_ transfer: Transfer, _ error: TransportError) {
        transfer.resume(.failure(error))
        curl_easy_cleanup(transfer.handle.pointer)
    }

    /// Ends all transfers.
    func end() {
        for transfer in live.values {
            curl_multi_remove_handle(multi.pointer, transfer.handle.pointer)
            abandon(transfer, "the client was shut down")
        }
        live = [:]
    }

    /// Frees everything. Nothing may be called afterwards.
    func free() {
        idle.withLock { idle in
            for handle in idle { curl_easy_cleanup(handle.pointer) }
            idle = []
        }
        curl_multi_cleanup(multi.pointer)
    }
}
