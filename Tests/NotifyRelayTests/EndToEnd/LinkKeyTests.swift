import Foundation
import Glibc
import Sandbox
import Testing

@testable import NotifyRelay

/// The key beside the store, which a backup does not hold.
struct LinkKeyTests {
    private static let warning = "the store had no key beside it"

    @Test func `a store that was restored without its key is told of, and a new store is not`() async throws {
        try await Stage.with { stage in
            #expect(try await !stage.once().err.contains(Self.warning))
            #expect(try await !stage.once().err.contains(Self.warning))
            #expect(unlink(stage.store + ".key") == 0)
            let restored = try await stage.once().err
            #expect(restored.contains(Self.warning) && restored.contains("\(stage.store).key was made anew"), "\(restored)")
            #expect(try await !stage.once().err.contains(Self.warning))
        }
    }

    @Test func `with keys in the configuration nobody misses one beside the store`() async throws {
        try await Stage.with(yaml: { Stage.standard($0, more: "server: {link_key: a-key-of-at-least-thirty-two-letters}") }) { stage in
            for _ in 1...2 { #expect(try await !stage.once().err.contains(Self.warning)) }
            let backup = try await stage.relay("backup", "copy.db")
            #expect(backup.status == 0 && backup.err.isEmpty, "\(backup.all)")
        }
    }

    @Test func `backup says where the key is that the copy does not hold, and if there is none`() async throws {
        try await Stage.with { stage in
            try await stage.once()
            let kept = try await stage.relay("backup", "copy.db")
            #expect(kept.status == 0 && kept.err.contains("keep \(stage.store).key with it"), "\(kept.all)")
            #expect(unlink(stage.store + ".key") == 0)
            let missing = try await stage.relay("backup", "other.db")
            #expect(missing.status == 0 && missing.err.hasPrefix("warning: the store has no key beside it"), "\(missing.all)")
        }
    }

    @Test func `run does not start with a key, a lock or a store that is a link, and takes rights of the group away`() async throws {
        try await Stage.with { stage in
            try await stage.once()
            for end in [".key", ".lock", ""] {
                let file = stage.store + end
                #expect(rename(file, file + ".real") == 0 && symlink(file + ".real", file) == 0)
                let refused = try await stage.relay("run", "--once")
                #expect(refused.status == 74 && refused.err.contains("it is a link"), "\(end): \(refused.all)")
                #expect(unlink(file) == 0 && rename(file + ".real", file) == 0)
            }
            for end in [".key", ".lock", ""] { #expect(chmod(stage.store + end, 0o660) == 0) }
            let warned = try await stage.once().err
            #expect(warned.components(separatedBy: "was open to others (mode 660)").count == 4, "\(warned)")
            #expect(try await !stage.once().err.contains("was open to others"))
        }
    }
}
