import CCurl
import Glibc
import RelayCore
import RelaySupport

/// One mail during its transfer over one connection.
///
/// `@unchecked Sendable`: only the connection's thread touches it, except for `isCancelled`, which has its own lock.
final class MailTransfer: @unchecked Sendable {
    private let server: MailServer
    private let judge: ConnectionJudge
    /// Nil means that the transfer only greets the server.
    private let mail: MailRequest?
    /// The address whose mail the server is asked to take, without a mail; nil for a real mail.
    private let question: Question?
    private let isCancelled = Locked(false)
    private var offset = 0
    private var dialogue = MailDialogue()
    /// True once the body is read to its end; from then on the transfer waits for the final reply.
    private var bodyRead = false
    private var lastReplyAt = ContinuousClock.now
    private var timedOut = false
    private var refusedAddress = false
    /// The gate did not let the text go.
    private var isWithheld = false
    /// The number of new connections for this transfer; 0 if a kept one is used.
    private var connects = 0
    private var handle: Handle?
    /// True once the connection is made; the connect timeout then covers the greeting and the login too.
    private var isConnected = false
    private(set) var isReusable = false

    /// A sender and a recipient.
    struct Question {
        var from: String
        var to: String
    }

    init(_ server: MailServer, mail: MailRequest, _ judge: ConnectionJudge) {
        self.server = server
        self.judge = judge
        self.mail = mail
        question = nil
    }

    init(_ server: MailServer, asking question: Question, _ judge: ConnectionJudge) {
        self.server = server
        self.judge = judge
        self.question = question
        mail = nil
    }

    func cancel() { isCancelled.withLock { $0 = true } }

    func perform(on handle: Handle) -> Result<MailResponse, TransportError> {
        BlockingCall.begins()
        if let question { return ask(question, on: handle) }
        let first = attempt(on: handle, isFresh: false)
        // A kept connection may hold a word that the server said before our command came, or be closed already. Nothing of this mail was
        // handed over, so a new connection may work.
        guard connects == 0, offset == 0, isStale(first), !isCancelled.withLock({ $0 }) else { return first }
        return attempt(on: handle, isFresh: true)
    }

    /// Whether a result on a kept connection need not be about this mail: the connection ended, the first command was refused, or the server
    /// said goodbye (421, 221, or 451 4.4.2 after a silence).
    private func isStale(_ result: Result<MailResponse, TransportError>) -> Bool {
        switch result {
        case .failure(let error): !error.sent && [.noAnswer, .protocolError].contains(error.reason)
        case .success(let response):
            response.stage == .sender || [421, 221].contains(response.code) || response.code == 451 && response.enhanced == "4.4.2"
        }
    }

    private func begin(on handle: Handle) {
        (offset, dialogue, bodyRead, timedOut, refusedAddress, lastReplyAt) = (0, MailDialogue(), false, false, false, .now)
        (self.handle, isConnected) = (handle, false)
    }

    private func attempt(on handle: Handle, isFresh: Bool) -> Result<MailResponse, TransportError> {
        begin(on: handle)
        defer { self.handle = nil }
        curl_easy_reset(handle.pointer)
        let recipients = mail.flatMap { curl_slist_append(nil, "<\($0.to)>") }
        defer { curl_slist_free_all(recipients) }
        configure(handle.pointer)
        if isFresh { _ = relay_set_long(handle.pointer, CURLOPT_FRESH_CONNECT, 1) }
        if let mail { configure(handle.pointer, mail, recipients) }
        let code = curl_easy_perform(handle.pointer)
        isReusable = code == CURLE_OK
        _ = relay_get_long(handle.pointer, CURLINFO_NUM_CONNECTS, &connects)
        return judge(code)
    }

    /// Asks whether the server would take a mail, without sending one: MAIL FROM, RCPT TO, RSET.
    private func ask(_ question: Question, on handle: Handle) -> Result<MailResponse, TransportError> {
        begin(on: handle)
        defer { self.handle = nil }
        var result = Result<MailResponse, TransportError>.failure(.exhausted("memory"))
        for command in ["NOOP", "MAIL FROM:<\(question.from)>", "RCPT TO:<\(question.to)>", "RSET"] {
            curl_easy_reset(handle.pointer)
            configure(handle.pointer)
            _ = relay_set_text(handle.pointer, CURLOPT_CUSTOMREQUEST, command)
            _ = relay_set_long(handle.pointer, CURLOPT_NOBODY, 1)
            lastReplyAt = .now
            let code = curl_easy_perform(handle.pointer)
            // The answer is known before it is taken back.
            if command == "RSET" { break }
            result = judge(code)
            guard case .success(let response) = result, response.stage == .accepted else { break }
        }
        return result
    }

    private func configure(
        _ curl: UnsafeMutableRawPointer, _ mail: MailRequest, _ recipients: UnsafeMutablePointer<curl_slist>?
    ) {
        _ = relay_set_text(curl, CURLOPT_MAIL_FROM, "<\(mail.from)>")
        _ = relay_set_list(curl, CURLOPT_MAIL_RCPT, recipients)
        _ = relay_set_long(curl, CURLOPT_UPLOAD, 1)
        _ = relay_set_off(curl, CURLOPT_INFILESIZE_LARGE, curl_off_t(mail.message.count))
        _ = relay_on_read(curl, onRead, Unmanaged.passUnretained(self).toOpaque())
    }

    private func configure(_ curl: UnsafeMutableRawPointer) {
        let me = Unmanaged.passUnretained(self).toOpaque()
        let host = server.host.contains(":") ? "[\(server.host)]" : server.host
        let scheme = server.scheme
        let hello = server.ehlo.map { "/\($0)" } ?? ""
        _ = relay_set_text(curl, CURLOPT_URL, "\(scheme)://\(host):\(server.port)\(hello)")
        _ = relay_set_text(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps")
        _ = relay_set_long(curl, CURLOPT_NOSIGNAL, 1)
        if server.security == .startTLS { _ = relay_set_long(curl, CURLOPT_USE_SSL, relay_use_ssl_all) }
        if let user = server.username { _ = relay_set_text(curl, CURLOPT_USERNAME, user) }
        if let password = server.password { _ = relay_set_text(curl, CURLOPT_PASSWORD, password.reveal()) }
        if let options = server.loginOptions { _ = relay_set_text(curl, CURLOPT_LOGIN_OPTIONS, options) }
        server.network.apply(to: curl, isLoopback: WebAddress(scheme: scheme, host: server.host).isLoopback)
        _ = relay_set_long(curl, CURLOPT_CONNECTTIMEOUT_MS, Int(server.connectTimeout.milliseconds))
        // libcurl gets the longer of the two waits; `onProgress` enforces the shorter one.
        _ = relay_set_long(curl, CURLOPT_SERVER_RESPONSE_TIMEOUT, Int(max(server.finalTimeout, server.replyTimeout).components.seconds) + 1)
        _ = relay_on_header(curl, onReply, me)
        _ = relay_on_write(curl, onReply, me)
        _ = relay_on_progress(curl, onProgress, me)
        _ = relay_on_open_socket(curl, onOpenSocket, me)
        _ = relay_on_debug(curl, onSaid, me)
    }

    private func judge(_ code: CURLcode) -> Result<MailResponse, TransportError> {
        let last = dialogue.deciding
        if let last, code == CURLE_OK, last.reply.code < 400 { return .success(dialogue.response(last.reply, .accepted)) }
        if isWithheld { return .failure(TransportError(.cancelled, sent: false, "withheld before the text")) }
        // The last reply was 354: the mail was being sent, or its final reply is lost.
        let handedOver = last?.reply.code == 354
        if isCancelled.withLock({ $0 }) { return .failure(TransportError(.cancelled, sent: handedOver && bodyRead, "cancelled")) }
        if timedOut || code == CURLE_OPERATION_TIMEDOUT {
            let what = handedOver ? "no reply to the final dot" : "no reply in time"
            return .failure(TransportError(.timeout, sent: handedOver && bodyRead, what))
        }
        if handedOver { return .failure(TransportError(.noAnswer, sent: bodyRead, "the connection ended before the final reply")) }
        if let last, last.reply.code >= 400 { return .success(dialogue.response(last.reply, MailDialogue.stage(of: last.to))) }
        return .failure(failure(code))
    }

    private func failure(_ code: CURLcode) -> TransportError {
        let scheme = server.scheme
        var address = WebAddress(scheme: scheme, host: server.host)
        address.port = server.port
        let proxy = server.network.proxyAddress(scheme: scheme, isLoopback: address.isLoopback)
        let words = Libcurl.words(code, about: address) + (proxy.map { " (through the proxy \($0.shown))" } ?? "")
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT, CURLE_COULDNT_RESOLVE_PROXY:
            return refusedAddress ? ConnectionJudge.refusal : TransportError(.unreachable, sent: false, words)
        case CURLE_USE_SSL_FAILED: return TransportError(.tls, sent: false, "the server does not offer STARTTLS")
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CERTPROBLEM:
            return TransportError(.tls, sent: false, words)
        case CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_GOT_NOTHING: return TransportError(.noAnswer, sent: false, words)
        default: return TransportError(.protocolError, sent: false, words)
        }
    }

    fileprivate func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        if offset == 0, let gate = mail?.gate {
            guard gate.enter(unless: { isCancelled.withLock { $0 } }) else {
                isWithheld = true
                return relay_read_abort
            }
        }
        let message = mail?.message ?? []
        let count = min(buffer.count, message.count - offset)
        message.withUnsafeBytes { buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[offset..<offset + count])) }
        offset += count
        if offset == message.count { bodyRead = true }
        lastReplyAt = .now
        return count
    }

    fileprivate func took(line: UnsafeRawBufferPointer) {
        lastReplyAt = .now
        if let reply = SMTPReply(line) { dialogue.took(reply) }
    }

    fileprivate func said(_ line: UnsafeRawBufferPointer) { dialogue.sent(line) }

    /// Returning true ends the transfer.
    fileprivate func isOver() -> Bool {
        if isCancelled.withLock({ $0 }) { return true }
        leaveTimeForLogin()
        let limit = bodyRead ? server.finalTimeout : server.replyTimeout
        timedOut = ContinuousClock.now - lastReplyAt > limit
        return timedOut
    }

    /// Raises the connect timeout once the connection is made. libcurl counts the greeting and the login as connecting, and some servers
    /// delay their greeting. The reply timeouts limit these waits instead.
    private func leaveTimeForLogin() {
        guard !isConnected, let curl = handle?.pointer else { return }
        var seconds = 0.0
        _ = relay_get_double(curl, server.security == .implicit ? CURLINFO_APPCONNECT_TIME : CURLINFO_CONNECT_TIME, &seconds)
        guard seconds > 0 else { return }
        isConnected = true
        let most = server.connectTimeout + server.replyTimeout * 10
        _ = relay_set_long(curl, CURLOPT_CONNECTTIMEOUT_MS, Int(most.milliseconds))
    }

    fileprivate func mayConnect(to address: UnsafePointer<sockaddr>) -> Bool {
        let isAllowed = judge.allows(NetworkAddress(address), port: NetworkAddress.port(of: address))
        if !isAllowed { refusedAddress = true }
        return isAllowed
    }
}

private func transfer(_ user: UnsafeMutableRawPointer?) -> MailTransfer? {
    user.map { Unmanaged<MailTransfer>.fromOpaque($0).takeUnretainedValue() }
}

private let onRead: relay_read_fn = { buffer, size, count, user in
    guard let transfer = transfer(user), let buffer else { return relay_read_abort }
    return transfer.read(into: UnsafeMutableRawBufferPointer(start: buffer, count: size * count))
}

private let onReply: relay_write_fn = { data, size, count, user in
    if let transfer = transfer(user), let data { transfer.took(line: UnsafeRawBufferPointer(start: data, count: size * count)) }
    return size * count
}

/// Takes the commands that libcurl sends. Everything else that it tells here, such as the text of a mail, is left alone.
private let onSaid: relay_debug_fn = { _, type, data, size, user in
    if type == CURLINFO_HEADER_OUT, let transfer = transfer(user), let data {
        transfer.said(UnsafeRawBufferPointer(start: data, count: size))
    }
    return 0
}

private let onProgress: relay_progress_fn = { user, _, _, _, _ in transfer(user)?.isOver() ?? true ? 1 : 0 }

private let onOpenSocket: relay_opensocket_fn = { user, _, address in
    guard let transfer = transfer(user), let address else { return relay_bad_socket }
    let isAllowed = withUnsafePointer(to: &address.pointee.addr) { transfer.mayConnect(to: $0) }
    guard isAllowed else { return relay_bad_socket }
    return socket(address.pointee.family, address.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue), address.pointee.protocol)
}
