import Foundation
import Glibc
import RelayCore
import RelaySupport

/// A small web server whose responses a test scripts to the byte. Each connection has a thread of its own.
final class Receiver: Sendable {
    enum Manner: Sendable, Equatable {
        case take
        case refuse(Int, retryAfter: String? = nil)
        /// The post counts as taken, and the connection is closed before any response.
        case takeAndHangUp
        /// The post counts as taken, and the connection is reset.
        case takeAndReset
        /// The post counts as taken, and the response breaks off within its head.
        case takeAndBreakOff
        /// The post does not count as taken: the connection is reset before a byte of the request was read.
        case reset
    }

    struct Post: Sendable {
        var at: ContinuousClock.Instant
        /// The header `webhook-id`; nil if nothing was read.
        var identity: String?
        /// The event's id.
        var event: String?
        var manner: Manner

        var isTaken: Bool {
            switch manner {
            case .take, .takeAndHangUp, .takeAndReset, .takeAndBreakOff: true
            case .refuse, .reset: false
            }
        }
    }

    /// - Parameter earlier: the earlier posts, oldest first.
    typealias Script = @Sendable (_ earlier: [Post], _ now: ContinuousClock.Instant) -> Manner

    private let listener: Listener
    private let script: Script
    private let kept = Locked<[Post]>([])

    init(_ script: @escaping Script) throws {
        listener = try Listener()
        self.script = script
        Thread.detachNewThread { [weak self, listener] in
            while let connection = listener.accept() {
                guard let self else { return Listener.close(connection) }
                Thread.detachNewThread { self.serve(connection) }
            }
        }
    }

    /// Treats the first requests by these manners, one each, and takes all others.
    convenience init(first manners: Manner...) throws {
        try self.init { earlier, _ in earlier.count < manners.count ? manners[earlier.count] : .take }
    }

    deinit { listener.stop() }

    var url: String { "http://127.0.0.1:\(listener.port)/hooks/raw" }

    var posts: [Post] { kept.withLock { $0 } }

    /// How often each event was taken, by the event's id.
    var taken: [String: Int] {
        posts.filter(\.isTaken).reduce(into: [:]) { $0[$1.event ?? "?", default: 0] += 1 }
    }

    private func serve(_ connection: Int32) {
        defer { Listener.close(connection) }
        var unread: [UInt8] = []
        repeat {
            // Waits until something arrives, before the manner is chosen.
            guard Listener.hasMore(connection) || !unread.isEmpty else { return }
            let now = ContinuousClock.now
            let manner = kept.withLock { script($0, now) }
            if manner == .reset {
                note(Post(at: now, manner: manner))
                return Listener.willReset(connection)
            }
            guard let request = Listener.request(from: connection, &unread) else { return }
            note(Post(at: now, identity: request.header("webhook-id"), event: request.event, manner: manner))
            guard answer(manner, connection) else { return }
        } while true
    }

    private func note(_ post: Post) { kept.withLock { $0.append(post) } }

    /// - Returns: whether the connection stays open.
    private func answer(_ manner: Manner, _ connection: Int32) -> Bool {
        switch manner {
        case .take: return Listener.write("HTTP/1.1 204 No Content\r\n\r\n", to: connection)
        case .refuse(let status, let wait):
            let header = wait.map { "Retry-After: \($0)\r\n" } ?? ""
            return Listener.write("HTTP/1.1 \(status) No\r\n\(header)Content-Length: 0\r\n\r\n", to: connection)
        case .takeAndHangUp: return false
        case .takeAndReset, .reset:
            Listener.willReset(connection)
            return false
        case .takeAndBreakOff:
            _ = Listener.write("HTTP/1.1 20", to: connection)
            return false
        }
    }
}
