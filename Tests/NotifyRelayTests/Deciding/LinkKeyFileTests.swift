import Dedup
import Foundation
import Glibc
import RelaySupport
import Testing

@testable import NotifyRelay

/// The key beside the store is taken only if nobody else can have touched or read it.
struct LinkKeyFileTests {
    private let place: Workplace
    private var store: String { place.folder.appendingPathComponent("relay.db").path }
    private var key: String { store + ".key" }

    init() throws { place = try Workplace() }

    private func load() throws(LinkKeyError) -> (keys: LinkKeys, said: [String]) {
        var said: [String] = []
        let keys = try LinkKeys.load(configured: [], store: .file(store)) { said.append($0) }
        return (keys, said)
    }

    private func refusal() -> String? {
        do {
            _ = try load()
            return nil
        } catch {
            return error.description
        }
    }

    @Test func `it is made for its owner only, and taken again`() throws {
        let made = try load(), again = try load()
        #expect(made.keys.sign("x", for: .link) == again.keys.sign("x", for: .link))
        #expect(made.said.isEmpty && again.said.isEmpty)
        #expect(try FileManager.default.attributesOfItem(atPath: key)[.posixPermissions] as? Int == 0o600)
    }

    @Test func `a link is not followed, neither to read a key nor to make one`() throws {
        try place.write(String(repeating: "k", count: 40), to: "known")
        for target in ["known", "none"] {
            #expect(symlink(place.folder.appendingPathComponent(target).path, key) == 0)
            #expect(refusal()?.contains("it is a link") == true)
            #expect(LinkKeys.find(configured: [], store: .file(store)) == nil)
            unlink(key)
        }
        #expect(access(place.folder.appendingPathComponent("none").path, F_OK) != 0)
    }

    @Test func `one that everybody can read is refused`() throws {
        _ = try load()
        #expect(chmod(key, 0o644) == 0)
        let text = try #require(refusal())
        #expect(text.contains("everybody on this machine has rights to it (mode 644)") && text.contains("server.link_key"), "\(text)")
    }

    @Test(.enabled(if: geteuid() == 0)) func `one of somebody else is refused`() throws {
        _ = try load()
        #expect(chown(key, 12_345, 12_345) == 0)
        #expect(refusal()?.contains("it belongs to another user (uid 12345") == true)
    }

    @Test func `one that its group can read, as Kubernetes leaves it, is taken with a warning`() throws {
        let made = try load()
        #expect(chmod(key, 0o660) == 0)
        let taken = try load()
        #expect(taken.keys.sign("x", for: .link) == made.keys.sign("x", for: .link))
        #expect(taken.said.count == 1 && taken.said[0].contains("was open to others (mode 660)"), "\(taken.said)")
        #expect(try load().said.isEmpty)
    }

    @Test(arguments: ["", "short", "0123456789012345678901234567890"]) func `one that is too short is refused`(text: String) throws {
        try place.write(text + "\n", to: "relay.db.key")
        #expect(chmod(key, 0o600) == 0)
        #expect(refusal()?.contains("it holds no key of at least 32 bytes") == true)
    }

    @Test func `no error holds the key`() throws {
        try place.write("s3cr3t", to: "relay.db.key")
        #expect(chmod(key, 0o644) == 0)
        #expect(refusal()?.contains("s3cr3t") == false)
        #expect(chmod(key, 0o600) == 0)
        #expect(refusal()?.contains("s3cr3t") == false)
    }
}
