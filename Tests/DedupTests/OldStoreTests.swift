import Foundation
import RelayCore
import RelayTesting
import Testing

@testable import Dedup

/// Writes a store of an earlier version for `scripts/image`, which lets the image take it over: `OLD_STORE=FILE`.
@Suite(.enabled(if: TestStore.isFile))
struct OldStoreTests {
    private static let file = ProcessInfo.processInfo.environment["OLD_STORE"]

    @Test(.enabled(if: file != nil)) func `a store of version 5`() throws {
        let path = try #require(Self.file)
        try? FileManager.default.removeItem(atPath: path)
        let old = try Ledger.open(
            .file(path), as: .leader, clock: ManualClock(), migrations: Migrations(steps: Array(Migration.all.prefix(5))))
        try old.close()
        #expect(FileManager.default.fileExists(atPath: path))
    }
}
