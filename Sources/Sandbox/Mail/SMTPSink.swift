import NIOCore
import NIOPosix
import RelayCore
import ServiceLifecycle

/// Accepts mail over SMTP and puts it into the inbox.
struct SMTPSink: Service {
    typealias Connection = NIOAsyncChannel<ByteBuffer, ByteBuffer>

    let inbox: Inbox
    let host: String
    let port: Int
    /// Called with the port when the server listens.
    let onBound: @Sendable (Int) -> Void

    func run() async throws {
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .bind(host: host, port: port) { channel in
                channel.eventLoop.makeCompletedFuture { try Connection(wrappingChannelSynchronously: channel) }
            }
        onBound(server.channel.localAddress?.port ?? port)
        try await cancelWhenGracefulShutdown { try await accept(server) }
    }

    private func accept(_ server: NIOAsyncChannel<Connection, Never>) async throws {
        try await withThrowingDiscardingTaskGroup { group in
            try await server.executeThenClose { connections in
                for try await connection in connections {
                    // An error in one connection must not affect the others.
                    group.addTask { try? await converse(connection) }
                }
            }
            group.cancelAll()
        }
    }

    private func converse(_ connection: Connection) async throws {
        try await connection.executeThenClose { inbound, outbound in
            try await outbound.write(ByteBuffer(string: SMTPDialogue.greeting + "\r\n"))
            var dialogue = SMTPDialogue()
            for try await bytes in inbound {
                dialogue.take(bytes.readableBytesView)
                while let act = dialogue.next() {
                    guard let reply = await perform(act, &dialogue) else { return }
                    try await outbound.write(ByteBuffer(string: reply + "\r\n"))
                    if case .close = act { return }
                }
            }
        }
    }

    /// Carries out an act and returns the reply; nil to end the connection without one.
    private func perform(_ act: SMTPDialogue.Act, _ dialogue: inout SMTPDialogue) async -> String? {
        switch act {
        case .reply(let line), .close(let line): return line
        case .judge(let recipient): return dialogue.settle(recipient: recipient, refusal: await inbox.refusal(of: recipient))
        case .authenticate: return await inbox.faults.refusesPassword ? "535 5.7.8 wrong password" : "235 2.7.0 ok"
        case .accept(let sender, let recipients, let mail):
            switch await inbox.receive(from: sender, to: recipients, mail: mail) {
            case .reply(let line): return line
            case .taken(andDropped: true): return nil
            case .taken: return "250 2.0.0 taken"
            }
        }
    }
}
