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
        /// The connections that carry one mail, behind which another may wait.
        var busy: [MailServer: [MailConnection]] = [:]
        var isShutDown = false
    }

    private let pool = Locked(Pool())
    /// A connection is kept for less time than servers wait: some close it after ten seconds.
    package static let keeping = Duration.seconds(8)
    /// A connection that is unused for this long is closed.
    private let idleTime: Duration
    private let startThread: BlockingThread.Start
    private let policy: OutgoingPolicy

    package convenience init(idle: Duration = keeping) { self.init(idle: idle, policy: OutgoingPolicy()) }

    init(
        idle: Duration = keeping, startThread: @escaping BlockingThread.Start = BlockingThread.start,
        policy: OutgoingPolicy = OutgoingPolicy()
    ) {
        _ = Libcurl.start
        idleTime = idle
        self.startThread = startThread
        self.policy = policy
    }

    package func shutdown() {
        let connections = pool.withLock { pool in
            pool.isShutDown = true
            defer { (pool.idle, pool.busy) = ([:], [:]) }
            return pool.idle.values.flatMap { $0 }
        }
        for connection in connections { connection.close() }
    }

    package func send(_ mail: MailRequest) async throws(TransportError) -> MailResponse {
        if let fault = mail.fault { throw TransportError(.badRequest, sent: false, fault) }
        let judge = try await judge(mail.server)
        let connection = try take(mail.server, mayLineUp: mail.gate?.isAhead == true)
        let (result, isReusable) = await connection.carry(MailTransfer(mail.server, mail: mail, judge))
        give(connection, back: mail.server, isReusable: isReusable)
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

    /// - Parameter mayLineUp: the mail may wait behind the one that a connection carries.
    private func take(_ server: MailServer, mayLineUp: Bool) throws(TransportError) -> MailConnection {
        // The mail is counted under the lock. Else the one before it could end meanwhile, and its connection be closed under this one.
        let (known, isShutDown) = pool.withLock { pool -> (MailConnection?, Bool) in
            guard !pool.isShutDown else { return (nil, true) }
            if let idle = pool.idle[server]?.popLast() {
                pool.busy[server, default: []].append(idle)
                idle.took()
                return (idle, false)
            }
            // One mail waits behind another at most, so a connection that is taken a second time leaves the list.
            guard mayLineUp, let busy = pool.busy[server]?.first else { return (nil, false) }
            pool.busy[server]?.removeFirst()
            busy.took()
            return (busy, false)
        }
        if isShutDown { throw TransportError(.cancelled, sent: false, "the mail client is shut down") }
        if let known { return known }
        let connection = try MailConnection(startThread: startThread)
        connection.took()
        pool.withLock { $0.busy[server, default: []].append(connection) }
        return connection
    }

    private func give(_ connection: MailConnection, back server: MailServer, isReusable: Bool) {
        enum Next { case busy, idle, over }
        let next: Next = pool.withLock { pool in
            let left = connection.gave(isReusable: isReusable)
            pool.busy[server]?.removeAll { $0 === connection }
            guard connection.isGood else { return left == 0 ? .over : .busy }
            if left > 0 {
                pool.busy[server, default: []].append(connection)
                return .busy
            }
            guard !pool.isShutDown, pool.idle[server, default: []].count < 16 else { return .over }
            pool.idle[server, default: []].append(connection)
            return .idle
        }
        if next == .over { connection.close() }
        guard next == .idle else { return }
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
