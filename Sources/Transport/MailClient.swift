import CCurl
import Glibc
import RelayCore
import RelaySupport

/// SMTP through libcurl. Each connection has a separate thread and handle, and is kept for the next mail to the same server.
///
/// It does not use HTTP's multi handle: libcurl 7.88 blocks while it waits for the reply to the final dot, so one slow mail server would
/// stop every webhook.
package final class MailClient: MailTransport {
    private struct Pool {
        var idle: [MailServer: [MailConnection]] = [:]
        var isShutDown = false
    }

    private let pool = Locked(Pool())
    /// A connection is kept for less time than servers wait: some close it after ten seconds.
    package static let keeping = Duration.seconds(8)
    /// A connection that is unused for this long is closed.
    private let idleTime: Duration
    private let startThread: CurlThread.Start
    private let policy: OutgoingPolicy

    package convenience init(idle: Duration = keeping) { self.init(idle: idle, policy: OutgoingPolicy()) }

    init(
        idle: Duration = keeping, startThread: @escaping CurlThread.Start = CurlThread.start, policy: OutgoingPolicy = OutgoingPolicy()
    ) {
        _ = Libcurl.start
        idleTime = idle
        self.startThread = startThread
        self.policy = policy
    }

    package func shutdown() {
        let connections = pool.withLock { pool in
            pool.isShutDown = true
            defer { pool.idle = [:] }
            return pool.idle.values.flatMap { $0 }
        }
        for connection in connections { connection.close() }
    }

    package func send(_ mail: MailRequest) async throws(TransportError) -> MailResponse {
        if let fault = mail.fault { throw TransportError(.badRequest, sent: false, fault) }
        let judge = try await judge(mail.server)
        let connection = try take(mail.server)
        let (result, isReusable) = await connection.carry(MailTransfer(mail.server, mail: mail, judge))
        if isReusable { give(connection, back: mail.server) } else { connection.close() }
        return try result.get()
    }

    package func ask(_ server: MailServer, from: String, to: String) async throws(TransportError) -> MailResponse {
        if let fault = MailRequest(server: server, from: from, to: to, message: []).fault {
            throw TransportError(.badRequest, sent: false, fault)
        }
        let judge = try await judge(server)
        // This uses a new connection, because a kept one would prove nothing.
        let connection = try MailConnection(startThread: startThread)
        let (result, _) = await connection.carry(MailTransfer(server, asking: MailTransfer.Question(from: from, to: to), judge))
        connection.close()
        return try result.get()
    }

    private func judge(_ server: MailServer) async throws(TransportError) -> ConnectionJudge {
        try await policy.judge(server.host, scheme: server.scheme, network: server.network)
    }

    private func take(_ server: MailServer) throws(TransportError) -> MailConnection {
        let (idle, isShutDown) = pool.withLock { ($0.idle[server]?.popLast(), $0.isShutDown) }
        if isShutDown { throw TransportError(.cancelled, sent: false, "the mail client is shut down") }
        if let idle { return idle }
        return try MailConnection(startThread: startThread)
    }

    private func give(_ connection: MailConnection, back server: MailServer) {
        let isKept = pool.withLock { pool in
            guard !pool.isShutDown, pool.idle[server, default: []].count < 16 else { return false }
            pool.idle[server, default: []].append(connection)
            return true
        }
        guard isKept else { return connection.close() }
        connection.closeIfIdle(for: idleTime) { [self] in
            pool.withLock { pool in
                guard let index = pool.idle[server]?.firstIndex(where: { $0 === connection }) else { return false }
                pool.idle[server]?.remove(at: index)
                return true
            }
        }
    }
}

extension MailRequest {
    /// Why the envelope is invalid; nil if it is valid. libcurl 7.88 would send a line break unchanged, which would start another command.
    fileprivate var fault: String? {
        for (address, what) in [(from, "sender"), (to, "recipient")] {
            guard let mailbox = MailAddress(parsing: address), mailbox.address == address else {
                return "the \(what) is no plain address local@domain"
            }
        }
        return nil
    }
}
