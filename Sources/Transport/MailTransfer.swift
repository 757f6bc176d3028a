import CCurl
import Glibc
import RelayCore
import RelaySupport

/// One mail during its transfer over one connection.
///
/// `@unchecked Sendable`: only the connection's thread touches it, except for `isCancelled`, which has its own lock.
final class MailTransfer: @unchecked Sendable {
    private let server: MailServer
    /// Nil means that the transfer only greets the server.
    private let mail: MailRequest?
    private let isCancelled = Locked(false)
    private var offset = 0
    private var replies: [SMTPReply] = []
    /// True once the body is read to its end; from then on the transfer waits for the final reply.
    private var bodyRead = false
    private var lastReplyAt = ContinuousClock.now
    private var timedOut = false
    /// The number of new connections for this transfer; 0 if a kept one is used.
    private var connects = 0
    private var handle: Handle?
    /// True once the connection is made; the connect timeout then covers the greeting and the login too.
    private var isConnected = false
    private(set) var isReusable = false

    init(_ server: MailServer, mail: MailRequest?) {
        self.server = server
        self.mail = mail
    }

    func cancel() { isCancelled.withLock { $0 = true } }

    func perform(on handle: Handle) -> Result<MailResponse, TransportError> {
        let first = attempt(on: handle)
        // The server had closed the kept connection. Nothing was sent, so a new connection may work.
        guard case .failure(let error) = first, replies.isEmpty, !error.sent, error.reason == .noAnswer else { return first }
        return attempt(on: handle)
    }

    private func attempt(on handle: Handle) -> Result<MailResponse, TransportError> {
        (offset, replies, bodyRead, timedOut, lastReplyAt) = (0, [], false, false, .now)
        (self.handle, isConnected) = (handle, false)
        defer { self.handle = nil }
        curl_easy_reset(handle.pointer)
        let recipients = mail.flatMap { curl_slist_append(nil, "<\($0.to)>") }
        defer { curl_slist_free_all(recipients) }
        configure(handle.pointer)
        configure(handle.pointer, mail, recipients)
        let code = curl_easy_perform(handle.pointer)
        isReusable = code == CURLE_OK
        _ = relay_get_long(handle.pointer, CURLINFO_NUM_CONNECTS, &connects)
        return judge(code)
    }

    private func configure(
        _ curl: UnsafeMutableRawPointer, _ mail: MailRequest?, _ recipients: UnsafeMutablePointer<curl_slist>?
    ) {
        guard let mail else {
            _ = relay_set_text(curl, CURLOPT_CUSTOMREQUEST, "NOOP")
            _ = relay_set_long(curl, CURLOPT_NOBODY, 1)
            return
        }
        _ = relay_set_text(curl, CURLOPT_MAIL_FROM, "<\(mail.from)>")
        _ = relay_set_list(curl, CURLOPT_MAIL_RCPT, recipients)
        _ = relay_set_long(curl, CURLOPT_UPLOAD, 1)
        _ = relay_set_off(curl, CURLOPT_INFILESIZE_LARGE, curl_off_t(mail.message.count))
        _ = relay_on_read(curl, onRead, Unmanaged.passUnretained(self).toOpaque())
    }

    private func configure(_ curl: UnsafeMutableRawPointer) {
        let me = Unmanaged.passUnretained(self).toOpaque()
        let host = server.host.contains(":") ? "[\(server.host)]" : server.host
        let scheme = server.security == .implicit ? "smtps" : "smtp"
        let hello = server.ehlo.map { "/\($0)" } ?? ""
        _ = relay_set_text(curl, CURLOPT_URL, "\(scheme)://\(host):\(server.port)\(hello)")
        _ = relay_set_text(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps")
        _ = relay_set_long(curl, CURLOPT_NOSIGNAL, 1)
        if server.security == .startTLS { _ = relay_set_long(curl, CURLOPT_USE_SSL, relay_use_ssl_all) }
        if let user = server.username { _ = relay_set_text(curl, CURLOPT_USERNAME, user) }
        if let password = server.password { _ = relay_set_text(curl, CURLOPT_PASSWORD, password.reveal()) }
        if let options = server.loginOptions { _ = relay_set_text(curl, CURLOPT_LOGIN_OPTIONS, options) }
        server.network.apply(to: curl, isLoopback: WebAddress("\(scheme)://\(host)")?.isLoopback ?? false)
        _ = relay_set_long(curl, CURLOPT_CONNECTTIMEOUT_MS, Int(server.connectTimeout.milliseconds))
        // libcurl gets the longer of the two waits; `onProgress` enforces the shorter one.
        _ = relay_set_long(curl, CURLOPT_SERVER_RESPONSE_TIMEOUT, Int(max(server.finalTimeout, server.replyTimeout).components.seconds) + 1)
        _ = relay_on_header(curl, onReply, me)
        _ = relay_on_write(curl, onReply, me)
        _ = relay_on_progress(curl, onProgress, me)
        _ = relay_on_open_socket(curl, onOpenSocket, me)
    }

    private func judge(_ code: CURLcode) -> Result<MailResponse, TransportError> {
        let last = replies.last { $0.code != 221 }
        if code == CURLE_OK, let last { return .success(last.answer(.accepted)) }
        // The last reply was 354: the mail was being sent, or its final reply is lost.
        let handedOver = last?.code == 354
        if isCancelled.withLock({ $0 }) { return .failure(TransportError(.cancelled, sent: handedOver && bodyRead, "cancelled")) }
        if timedOut || code == CURLE_OPERATION_TIMEDOUT {
            let what = handedOver ? "no reply to the final dot" : "no reply in time"
            return .failure(TransportError(.timeout, sent: handedOver && bodyRead, what))
        }
        if handedOver { return .failure(TransportError(.noAnswer, sent: bodyRead, "the connection ended before the final reply")) }
        if let last, last.code >= 400 { return .success(last.answer(stage(code, last))) }
        return .failure(failure(code))
    }

    private func failure(_ code: CURLcode) -> TransportError {
        let words = Libcurl.words(code)
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT, CURLE_COULDNT_RESOLVE_PROXY:
            return TransportError(refusedAddress ? .forbiddenAddress : .unreachable, sent: false, words)
        case CURLE_USE_SSL_FAILED: return TransportError(.tls, sent: false, "the server does not offer STARTTLS")
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CERTPROBLEM:
            return TransportError(.tls, sent: false, words)
        case CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_GOT_NOTHING: return TransportError(.noAnswer, sent: false, words)
        default: return TransportError(.protocolError, sent: false, words)
        }
    }

    /// The command that the server refused. libcurl does not report it, so it is derived from the number and kind of earlier replies.
    private func stage(_ code: CURLcode, _ last: SMTPReply) -> MailResponse.Stage {
        if code == CURLE_LOGIN_DENIED || [530, 534, 535, 538].contains(last.code) && !replies.contains(where: \.acceptsSender) {
            return .login
        }
        if replies.contains(where: { $0.code == 354 }) { return .data }
        // One EHLO follows each 220 (the greeting, STARTTLS). A kept connection has no greeting.
        let greetings = replies.filter { $0.code == 220 && !$0.continues }.count
        let accepted = replies.filter { $0.code == 250 && !$0.continues }.count
        let isKept = connects == 0
        if !isKept && accepted == 0 { return greetings == 0 ? .greeting : .hello }
        if server.security == .startTLS && !isKept && greetings == 1 { return .startTLS }
        switch accepted - greetings {
        case ...0: return .sender
        case 1: return .recipient
        default: return .data
        }
    }

    private var refusedAddress = false

    fileprivate func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
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
        guard replies.count < 500, let reply = SMTPReply(line), reply.code != 334 else { return }
        replies.append(reply)
    }

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
        if server.network.allowLinkLocal || !AddressPolicy.isLinkLocal(address) { return true }
        refusedAddress = true
        return false
    }
}

/// One line of a reply, such as `250 2.0.0 Ok: queued as 38D1FFF4522`.
struct SMTPReply: Sendable, Equatable {
    var code: Int
    var enhanced: String?
    var text: String
    /// True if more lines of the same reply follow.
    var continues: Bool

    init?(_ line: UnsafeRawBufferPointer) {
        let text = String(decoding: line.prefix(1_000), as: UTF8.self).repaired(most: 500)
        guard text.utf8.count >= 3, let code = Int(text.prefix(3)), (200...599).contains(code) else { return nil }
        let rest = text.dropFirst(3)
        guard rest.isEmpty || rest.first == " " || rest.first == "-" || rest.first == "\n" else { return nil }
        self.code = code
        continues = rest.first == "-"
        let words = rest.dropFirst().split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
        let first = words.first.map(String.init) ?? ""
        let isEnhanced = first.split(separator: ".").count == 3 && first.split(separator: ".").allSatisfy { Int($0) != nil }
        enhanced = isEnhanced ? first : nil
        self.text = String(rest.dropFirst()).split(whereSeparator: \.isNewline).joined(separator: " ")
    }

    var acceptsSender: Bool { code == 250 && (enhanced?.hasPrefix("2.1.0") ?? false) }

    func answer(_ stage: MailResponse.Stage) -> MailResponse {
        MailResponse(stage: stage, code: code, enhanced: enhanced, text: text)
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

private let onProgress: relay_progress_fn = { user, _, _, _, _ in transfer(user)?.isOver() ?? true ? 1 : 0 }

private let onOpenSocket: relay_opensocket_fn = { user, _, address in
    guard let transfer = transfer(user), let address else { return relay_bad_socket }
    let isAllowed = withUnsafePointer(to: &address.pointee.addr) { transfer.mayConnect(to: $0) }
    guard isAllowed else { return relay_bad_socket }
    return socket(address.pointee.family, address.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue), address.pointee.protocol)
}
