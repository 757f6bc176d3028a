import Crypto
import Dedup
import Foundation
import Glibc
import RelayCore
import RelaySupport

/// The keys that sign links, buttons and forms. The first one signs and all verify, so that a key can be replaced while older links work.
struct LinkKeys: Sendable {
    private struct Key: Sendable {
        var id: String
        var key: SymmetricKey
    }

    private let keys: [Key]

    /// - Parameter secrets: the keys, at least one.
    init(_ secrets: [Secret]) {
        keys = secrets.map { secret in
            let bytes = Array(secret.reveal().utf8)
            let id = hexadecimal(SHA256.hash(data: Array("key id ".utf8) + bytes).prefix(4))
            return Key(id: id, key: SymmetricKey(data: bytes))
        }
    }

    /// The fewest bytes of a key that signs. The signatures are SHA-256, whose strength a shorter key would not have (RFC 2104 §3).
    static let leastBytes = 32

    /// The length of a key's id in hexadecimal digits. The id tells a verifier which key to try, and nothing about the key.
    static let idLength = 8

    /// Signs a text with the first key, and returns that key's id. A signature for one purpose is not valid for another.
    func sign(_ text: String, for purpose: Purpose) -> (id: String, signature: [UInt8]) {
        (keys[0].id, Array(Self.signature(text, purpose, keys[0].key)))
    }

    /// - Parameters:
    ///   - id: the key that signed; nil tries all.
    ///   - length: how many bytes of the signature were kept.
    func verifies(_ signature: [UInt8], of text: String, for purpose: Purpose, id: String? = nil, length: Int = 32) -> Bool {
        var isGood = false
        for key in keys where id == nil || key.id == id {
            if isSame(signature, Self.signature(text, purpose, key.key).prefix(length)) { isGood = true }
        }
        return isGood
    }

    /// A text with its signature, as one word for a cookie or a hidden field. Everybody can read the text.
    func sealed(_ text: String, for purpose: Purpose) -> String {
        let (id, signature) = sign(text, for: purpose)
        return "\(base64URL(Array(text.utf8))).\(id)\(base64URL(signature))"
    }

    /// The text of a word that `sealed` made for the same purpose; nil if this relay did not make it.
    func opened(_ word: String, for purpose: Purpose) -> String? {
        let parts = word.split(separator: ".", omittingEmptySubsequences: false)
        guard word.utf8.count <= Self.longestSealed, parts.count == 2,
            let text = bytes(base64URL: parts[0]).flatMap({ String(validating: $0, as: UTF8.self) }),
            let signature = bytes(base64URL: parts[1].dropFirst(Self.idLength)),
            verifies(signature, of: text, for: purpose, id: String(parts[1].prefix(Self.idLength)))
        else { return nil }
        return text
    }

    /// The longest word that is opened, in bytes. Those of this relay are shorter.
    private static let longestSealed = 4_096

    enum Purpose: String {
        case link, button, form, session, reason
        case signIn = "sign in"
    }

    private static func signature(_ text: String, _ purpose: Purpose, _ key: SymmetricKey) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: Array("\(purpose.rawValue)\n\(text)".utf8), using: key))
    }
}

extension LinkKeys {
    /// The keys of the configuration, or else the one in `<store>.key`. If there is no such file it is made, with 32 random bytes, readable by
    /// its owner only. This must come before the store is made.
    ///
    /// - Parameter warn: gets a text if the key was made although there is a store, which was then restored without its key, and if rights of
    ///   its group were taken away.
    /// A database has no file beside it: without a configured key there are then no links, no buttons and no sign-in (`check` requires
    /// one for them), and the key lasts as long as the program.
    static func load(configured: [Secret], store: StoreAddress, warn: (String) -> Void) throws(LinkKeyError) -> LinkKeys {
        if !configured.isEmpty { return LinkKeys(configured) }
        guard case .file(let store) = store else { return LinkKeys([Secret(random())]) }
        let path = path(store: store)
        if let key = try read(path, warn: warn) { return LinkKeys([key]) }
        let isRestored = isThere(store), key = try make(path)
        if isRestored {
            warn(
                "the store had no key beside it, and \(path) was made anew: links and buttons that were signed with another key do not work; "
                    + "if the store came from a backup, put the key of that backup there")
        }
        return LinkKeys([key])
    }

    /// What a person must know about the key who makes a copy of the store.
    static func backupAdvice(store: String) -> String {
        let path = path(store: store)
        if access(path, F_OK) == 0 {
            return "the copy does not hold the key that links and buttons are signed with: keep \(path) with it, as a secret"
        }
        return
            "warning: the store has no key beside it (\(path)), so links and buttons that were sent do not work; put it there if you have it"
    }

    private static func path(store: String) -> String { store + ".key" }

    /// Whether the file holds anything. A file without a byte is a store that is yet to be made.
    private static func isThere(_ file: String) -> Bool {
        var status = stat()
        return stat(file, &status) == 0 && status.st_size > 0
    }

    /// Like `load`, but makes no file. Nil if there is no key, or if it cannot be read or trusted.
    static func find(configured: [Secret], store: StoreAddress) -> LinkKeys? {
        if !configured.isEmpty { return LinkKeys(configured) }
        guard case .file(let store) = store else { return nil }
        return (try? read(path(store: store)) { _ in }).flatMap { $0 }.map { LinkKeys([$0]) }
    }

    /// The most bytes of a key that are read.
    private static let mostBytes = 4_096

    /// Nil if there is no such file.
    private static func read(_ path: String, warn: (String) -> Void) throws(LinkKeyError) -> Secret? {
        let file: Int32
        do {
            file = try OwnFile.open(path, O_RDONLY, warn: warn)
        } catch {
            if error.fault == .system(ENOENT) { return nil }
            throw LinkKeyError(path: path, why: error.why)
        }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: mostBytes)
        let count = Glibc.read(file, &bytes, bytes.count)
        guard count >= 0 else { throw LinkKeyError(path: path, why: String(cString: strerror(errno))) }
        guard let text = String(validating: bytes.prefix(count), as: UTF8.self)?.trimmed, text.utf8.count >= leastBytes else {
            throw LinkKeyError(path: path, why: "it holds no key of at least \(leastBytes) bytes")
        }
        return Secret(text)
    }

    private static func random() -> String { base64URL(SymmetricKey(size: .bits256).withUnsafeBytes { Array($0) }) }

    private static func make(_ path: String) throws(LinkKeyError) -> Secret {
        let text = random()
        let file = open(path, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw LinkKeyError(path: path, why: String(cString: strerror(errno)), isNew: true) }
        defer { close(file) }
        let bytes = Array((text + "\n").utf8)
        guard write(file, bytes, bytes.count) == bytes.count, fsync(file) == 0 else {
            unlink(path)
            throw LinkKeyError(path: path, why: String(cString: strerror(errno)), isNew: true)
        }
        return Secret(text)
    }
}

/// The key beside the store can neither be read nor made.
struct LinkKeyError: Error, CustomStringConvertible {
    var path: String
    var why: String
    /// There was no key, and it could not be made.
    var isNew = false

    var description: String {
        let advice =
            isNew
            ? "check its folder and the room on its disk" : "mend that, remove the key (links sent so far go dead)"
        return "\(path), the key that links to decide are signed with: \(why); \(advice), or set server.link_key"
    }
}
