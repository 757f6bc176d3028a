import CCurl
import Glibc
import RelayCore
import RelaySupport

/// One HTTP exchange in progress.
///
/// `@unchecked Sendable`: the caller touches it before the hand-over, the loop's thread after it; `isCancelled` has its own lock.
final class Transfer: @unchecked Sendable {
    let handle: Handle
    let isCancelled = Locked(false)
    var continuation: CheckedContinuation<Result<HTTPResponse, TransportError>, Never>?
    /// True once libcurl was about to send the request's head, so that the request may take effect.
    private(set) var wasSent = false
    private let request: HTTPRequest
    private let address: WebAddress
    private let judge: ConnectionJudge
    private let guardsAgainstResend: Bool
    private var sends = 0
    private var headers: [(name: String, value: String)] = []
    private var body: [UInt8] = []
    private var overflowed = false
    /// The status of the last head whose lines came; 0 before the first.
    private var status = 0
    /// When the final head was complete; nil before.
    private var headAt: ContinuousClock.Instant?
    /// The request was sent again over a new connection, because a kept one answered with an old 408.
    private var isRepeated = false
    private var refusedAddress = false
    private var list: UnsafeMutablePointer<curl_slist>?
    private let sentBody: UnsafeMutableBufferPointer<UInt8>

    init(_ request: HTTPRequest, to address: WebAddress, _ handle: Handle, _ judge: ConnectionJudge) {
        self.request = request
        self.address = address
        self.judge = judge
        self.handle = handle
        guardsAgainstResend = request.guardsAgainstResend
        sentBody = .allocate(capacity: max(1, request.body?.count ?? 0))
        if let body = request.body { _ = sentBody.initialize(from: body) }
        configure()
    }

    deinit {
        curl_slist_free_all(list)
        sentBody.deallocate()
    }

    private func configure() {
        let curl = handle.pointer
        let me = Unmanaged.passUnretained(self).toOpaque()
        _ = relay_set_text(curl, CURLOPT_URL, request.url.reveal())
        _ = relay_set_text(curl, CURLOPT_PROTOCOLS_STR, "http,https")
        _ = relay_set_long(curl, CURLOPT_NOSIGNAL, 1)
        // Without this option libcurl leaves a body as it is, so that a wrong Content-Encoding cannot spoil a response.
        if request.need == .whole { _ = relay_set_text(curl, CURLOPT_ACCEPT_ENCODING, "") }
        _ = relay_set_long(curl, CURLOPT_CONNECTTIMEOUT_MS, Int(request.connectTimeout.milliseconds))
        _ = relay_set_long(curl, CURLOPT_TIMEOUT_MS, Int(request.timeout.milliseconds))
        _ = relay_on_write(curl, onBody, me)
        _ = relay_on_header(curl, onHeader, me)
        _ = relay_on_prereq(curl, onPrerequest, me)
        _ = relay_on_open_socket(curl, onOpenSocket, me)
        if request.need != .whole { _ = relay_on_progress(curl, onProgress, me) }
        configureNetwork(curl)
        // Without this, libcurl would wait for "100 Continue" before a large body.
        list = curl_slist_append(list, "Expect:")
        for (name, value) in request.headers { list = curl_slist_append(list, "\(name): \(value.reveal())") }
        _ = relay_set_list(curl, CURLOPT_HTTPHEADER, list)
        configureMethod(curl)
    }

    private func configureNetwork(_ curl: UnsafeMutableRawPointer) {
        request.network.apply(to: curl, isLoopback: address.isLoopback)
        guard request.network.allowLinkLocal else { return }
        // The address is checked only when a connection is made, so a connection made without the check must not be reused.
        _ = relay_set_long(curl, CURLOPT_FRESH_CONNECT, 1)
        _ = relay_set_long(curl, CURLOPT_FORBID_REUSE, 1)
    }

    private func configureMethod(_ curl: UnsafeMutableRawPointer) {
        if let body = request.body {
            _ = relay_set_off(curl, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body.count))
            _ = relay_set_pointer(curl, CURLOPT_POSTFIELDS, UnsafeMutableRawPointer(sentBody.baseAddress))
        } else if request.method == "HEAD" {
            _ = relay_set_long(curl, CURLOPT_NOBODY, 1)
        } else if request.method == "POST" {
            _ = relay_set_off(curl, CURLOPT_POSTFIELDSIZE_LARGE, 0)
            _ = relay_set_pointer(curl, CURLOPT_POSTFIELDS, UnsafeMutableRawPointer(sentBody.baseAddress))
        }
        if !["GET", "HEAD", "POST"].contains(request.method) { _ = relay_set_text(curl, CURLOPT_CUSTOMREQUEST, request.method) }
    }

    func finish(_ code: CURLcode) {
        var seconds = 0.0
        _ = relay_get_double(handle.pointer, CURLINFO_TOTAL_TIME, &seconds)
        var final = 0
        _ = relay_get_long(handle.pointer, CURLINFO_RESPONSE_CODE, &final)
        // After a final head, a fault can only be one of the body.
        let isCut = code != CURLE_OK && headAt != nil && (request.need != .whole || overflowed && request.keepsBeginning)
        guard code == CURLE_OK || isCut, final > 0 else { return resume(.failure(failure(code))) }
        resume(.success(HTTPResponse(status: final, headers: headers, body: body, took: .seconds(seconds), isCut: isCut)))
    }

    /// Prepares the same request for a new connection, if a kept connection answered with 408: the server had given the connection up and
    /// did not take the request.
    ///
    /// - Returns: false if there is no such reason.
    func repeatsAfterOldTimeout(_ code: CURLcode) -> Bool {
        var connects = 0
        _ = relay_get_long(handle.pointer, CURLINFO_NUM_CONNECTS, &connects)
        guard status == 408, connects == 0, !isRepeated, continuation != nil, !isCancelled.withLock({ $0 }) else { return false }
        isRepeated = true
        (headers, body, overflowed, status, headAt, sends, wasSent) = ([], [], false, 0, nil, 0, false)
        _ = relay_set_long(handle.pointer, CURLOPT_FRESH_CONNECT, 1)
        return true
    }

    func resume(_ result: Result<HTTPResponse, TransportError>) {
        continuation?.resume(returning: result)
        continuation = nil
    }

    private var proxyWords: String {
        guard let proxy = request.network.proxyAddress(scheme: address.scheme, isLoopback: address.isLoopback)
        else { return "" }
        return " (through the proxy \(proxy.shown))"
    }

    private func failure(_ code: CURLcode) -> TransportError {
        let words = Libcurl.words(code, about: address) + proxyWords
        if overflowed { return TransportError(.tooLarge, sent: true, "the answer is over \(request.maximumAnswer) bytes") }
        if refusedAddress, !wasSent { return ConnectionJudge.refusal }
        switch code {
        case CURLE_OPERATION_TIMEDOUT: return TransportError(.timeout, sent: wasSent, "no answer in time")
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_CONNECT:
            return TransportError(.unreachable, sent: false, words)
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER, CURLE_SSL_CACERT_BADFILE,
            CURLE_SSL_ISSUER_ERROR, CURLE_SSL_ENGINE_INITFAILED:
            return TransportError(.tls, sent: false, words)
        case CURLE_ABORTED_BY_CALLBACK:
            return TransportError(.noAnswer, sent: true, "the connection ended without an answer")
        case CURLE_URL_MALFORMAT: return TransportError(.badRequest, sent: false, words)
        // libcurl returns this code for a response that is not HTTP too.
        case CURLE_UNSUPPORTED_PROTOCOL where !wasSent: return TransportError(.badRequest, sent: false, words)
        case CURLE_GOT_NOTHING, CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_PARTIAL_FILE, CURLE_HTTP2, CURLE_HTTP2_STREAM:
            return TransportError(.noAnswer, sent: wasSent, words)
        default: return TransportError(.protocolError, sent: wasSent, words)
        }
    }

    fileprivate func took(body bytes: UnsafeRawBufferPointer) -> Bool {
        guard body.count + bytes.count <= request.maximumAnswer else {
            if request.keepsBeginning { body.append(contentsOf: bytes.prefix(request.maximumAnswer - body.count)) } else { body = [] }
            overflowed = true
            return false
        }
        body.append(contentsOf: bytes)
        return true
    }

    /// - Returns: false if the rest of the response is not wanted.
    fileprivate func took(header line: UnsafeRawBufferPointer) -> Bool {
        read(header: line)
        return !overflowed
    }

    private func read(header line: UnsafeRawBufferPointer) {
        // A new status line starts: the headers so far belong to a 1xx response or to a proxy.
        if line.starts(with: "HTTP/".utf8) {
            headers.removeAll(keepingCapacity: true)
            (status, headAt) = (Self.status(of: line), nil)
            return
        }
        let isEnd = !line.contains { $0 != 13 && $0 != 10 }
        if isEnd { return endHead() }
        guard headers.count < 200, let colon = line.firstIndex(of: UInt8(ascii: ":")) else { return }
        let isSpace: (UInt8) -> Bool = { $0 == 32 || $0 == 9 || $0 == 13 || $0 == 10 }
        let value = line[(colon + 1)...].drop(while: isSpace)
        let end = value.lastIndex { !isSpace($0) }.map { $0 + 1 } ?? value.startIndex
        headers.append(
            (String(decoding: line[..<colon], as: UTF8.self).lowercased(), String(decoding: value[value.startIndex..<end], as: UTF8.self)))
    }

    /// The three digits after the first space of a status line; 0 if there are none.
    private static func status(of line: UnsafeRawBufferPointer) -> Int {
        guard let space = line.firstIndex(of: 32) else { return 0 }
        let digits = line[(space + 1)...].prefix(3)
        return digits.count == 3 && digits.allSatisfy(\.isDigit) ? digits.reduce(0) { $0 * 10 + Int($1 - 48) } : 0
    }

    /// A blank line ends a head. A proxy's answer to CONNECT has a head of its own, which comes before the request is sent.
    private func endHead() {
        guard status >= 200, wasSent, headAt == nil else { return }
        headAt = .now
        expectBody()
        guard request.need == .head, (200...299).contains(status), !isPagePossible else { return }
        resume(.success(HTTPResponse(status: status, headers: headers, body: [])))
    }

    /// Makes room for a body whose length is stated, so that it is not copied while it grows. One that is stated to be too large is refused
    /// before it takes memory.
    private func expectBody() {
        let isPlain = request.method != "HEAD" && !headers.contains { $0.name == "content-encoding" }
        guard isPlain, let words = headers.first(where: { $0.name == "content-length" })?.value, let length = Int(words) else { return }
        if length <= request.maximumAnswer {
            body.reserveCapacity(max(0, length))
        } else if !request.keepsBeginning, request.need == .whole {
            overflowed = true
        }
    }

    /// The response may be a web page, which its first words tell. Some receivers call every answer HTML.
    private var isPagePossible: Bool { headers.contains { $0.name == "content-type" && $0.value.lowercased().hasPrefix("text/html") } }

    /// True once the words of a response were waited for long enough; the transfer is then ended. Also a body that nobody needs gets this
    /// time, so that its connection can be kept if the body is short.
    fileprivate var hasWaitedEnough: Bool { headAt.map { .now - $0 > Self.patienceForWords } ?? false }

    private static let patienceForWords = Duration.seconds(2)

    /// Called before each send. libcurl resends a request by itself if a kept connection turns out to be dead; this stops it where nothing
    /// makes a second copy harmless.
    fileprivate func mayBeSent() -> Bool {
        sends += 1
        wasSent = true
        return !(guardsAgainstResend && sends > 1)
    }

    fileprivate func mayConnect(to address: UnsafePointer<sockaddr>) -> Bool {
        let isAllowed = judge.allows(NetworkAddress(address), port: NetworkAddress.port(of: address))
        if !isAllowed { refusedAddress = true }
        return isAllowed
    }
}

private func transfer(_ user: UnsafeMutableRawPointer?) -> Transfer? {
    user.map { Unmanaged<Transfer>.fromOpaque($0).takeUnretainedValue() }
}

private let onBody: relay_write_fn = { data, size, count, user in
    guard let transfer = transfer(user), let data else { return 0 }
    return transfer.took(body: UnsafeRawBufferPointer(start: data, count: size * count)) ? size * count : 0
}

private let onHeader: relay_write_fn = { data, size, count, user in
    guard let transfer = transfer(user), let data else { return size * count }
    return transfer.took(header: UnsafeRawBufferPointer(start: data, count: size * count)) ? size * count : 0
}

private let onPrerequest: relay_prereq_fn = { user, _, _, _, _ in
    transfer(user)?.mayBeSent() ?? false ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
}

private let onProgress: relay_progress_fn = { user, _, _, _, _ in transfer(user)?.hasWaitedEnough ?? true ? 1 : 0 }

private let onOpenSocket: relay_opensocket_fn = { user, _, address in
    guard let transfer = transfer(user), let address else { return relay_bad_socket }
    let isAllowed = withUnsafePointer(to: &address.pointee.addr) { transfer.mayConnect(to: $0) }
    guard isAllowed else { return relay_bad_socket }
    return socket(address.pointee.family, address.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue), address.pointee.protocol)
}
