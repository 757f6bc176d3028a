import Crypto
import Dedup
import Foundation
import Glibc
import RelaySupport

/// The socket at which `health` asks the running relay. It needs no port, and a full disk does not stop it.
///
/// It is beside the store, `<store>.sock`. A database has no place beside it, so the socket is then in `$RUNTIME_DIRECTORY`, which systemd
/// gives a service, or in the temporary folder.
final class HealthSocket: Sendable {
    let path: String
    /// The path in a form that fits an address of a socket. It is valid while this object lives.
    let address: String
    /// The open folder of a path that is too long; nil otherwise.
    private let folder: Int32?

    /// The longest path that fits an address, in bytes. The system takes a little more, our server does not.
    private static let mostBytes = 103

    private static func path(_ store: StoreAddress, _ file: String, _ environment: [String: String]) -> String {
        guard case .postgres = store else { return store.shown + ".sock" }
        let folder = environment["RUNTIME_DIRECTORY"].flatMap { $0.isEmpty ? nil : $0.split(separator: ":").first.map(String.init) }
        // Two relays of one database have files of their own on one machine, and so have relays of other databases or users.
        let name = hexadecimal(SHA256.hash(data: Array("\(store.shown) \(file) \(getuid())".utf8)).prefix(6))
        return (folder ?? environment["TMPDIR"] ?? "/tmp") + "/notify-relay-\(name).sock"
    }

    /// A path that is too long is shortened by a descriptor of its folder.
    ///
    /// - Parameter file: the absolute path of the configuration.
    init(store: StoreAddress, file: String, environment: [String: String] = ProcessInfo.processInfo.environment) {
        path = Self.path(store, file, environment)
        guard path.utf8.count > Self.mostBytes, let slash = path.lastIndex(of: "/") else {
            (address, folder) = (path, nil)
            return
        }
        let opened = open(String(path[..<slash]) + "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        folder = opened >= 0 ? opened : nil
        address = opened >= 0 ? "/proc/self/fd/\(opened)\(path[slash...])" : path
    }

    deinit {
        if let folder { close(folder) }
    }

    /// Lets only the owner ask. A link in the place of the socket is left alone.
    func protect() { fchmodat(AT_FDCWD, path, 0o600, AT_SYMLINK_NOFOLLOW) }

    func remove() { unlink(path) }
}
