import Glibc

/// A port where connections are neither accepted nor refused, so that every client waits.
final class FullDoor: Sendable {
    let port: Int
    private let sockets: [Int32]

    init() {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        var sockets = [listener]
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { place in
                _ = bind(listener, place, length)
                _ = listen(listener, 0)
                _ = getsockname(listener, place, &length)
                // These connections are never accepted, so they fill the queue.
                for _ in 0..<4 {
                    let caller = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
                    _ = connect(caller, place, length)
                    sockets.append(caller)
                }
            }
        }
        self.sockets = sockets
        port = Int(UInt16(bigEndian: address.sin_port))
    }

    func open() { for socket in sockets { close(socket) } }
}
