import Foundation
import RelayCore
import Testing

@testable import NotifyRelay

/// With a store that fails at one access of twenty on average nothing is lost, told twice, opened, closed, silenced, reminded twice or
/// decided twice.
struct FaultWorldTests {
    /// The environment variable `FAULT_SEEDS=200` plays that many seeds; `FAULT_SEED=17` plays only that one.
    private static var seeds: [UInt64] {
        let environment = ProcessInfo.processInfo.environment
        if let one = environment["FAULT_SEED"].flatMap({ UInt64($0) }) { return [one] }
        return Array(1...(environment["FAULT_SEEDS"].flatMap { UInt64($0) } ?? 40))
    }

    @Test(arguments: seeds) func `whatever the store did, everything was told once`(seed: UInt64) async throws {
        let world = try await FaultWorld(seed: seed)
        try await world.play(steps: 18, failures: 20)
        try await world.settle()
        for problem in try await world.truth() { world.record(problem) }
        #expect(world.faults.failed > 20, "seed \(seed)")
        #expect(!world.notes.isEmpty)
    }
}
