import Dedup
import RelayCore
import RelaySupport

@testable import NotifyRelay

/// Makes a random share of all accesses to the store fail. The seed decides which.
final class FaultShare: Sendable {
    private let chance: Locked<Chance>
    private let count = Locked(0)
    private let percent: Int
    private let isOver = Locked(false)

    init(seed: UInt64, percent: Int) {
        chance = Locked(Chance(seed))
        self.percent = percent
    }

    /// The number of accesses that have failed.
    var failed: Int { count.withLock { $0 } }

    /// Ends the faults.
    func end() { isOver.withLock { $0 = true } }

    var plan: FaultPoint.Plan {
        { access in
            if self.isOver.withLock({ $0 }) { return nil }
            let fault = self.chance.withLock { chance -> StoreFault? in
                guard Int.random(in: 0..<100, using: &chance) < self.percent else { return nil }
                let codes = StoreFault.Code.allCases, moments = StoreFault.Moment.allCases
                let code = codes[Int.random(in: 0..<codes.count, using: &chance)]
                return StoreFault(code, access == .read ? .before : moments[Int.random(in: 0..<moments.count, using: &chance)])
            }
            if fault != nil { self.count.withLock { $0 += 1 } }
            return fault
        }
    }
}

extension House {
    /// Makes every access that fits fail from now on.
    func fail(_ fault: StoreFault = StoreFault(.ioError), where fits: @escaping @Sendable (StoreAccess) -> Bool) {
        ledger.faults.follow { fits($0) ? fault : nil }
    }

    /// Ends the faults.
    func endFaults() { ledger.faults.follow(nil) }

    /// Makes every access that fits fail while the body runs.
    func failing<Result>(
        _ fault: StoreFault = StoreFault(.ioError), where fits: @escaping @Sendable (StoreAccess) -> Bool = { _ in true },
        _ body: () async throws -> Result
    ) async throws -> Result {
        fail(fault, where: fits)
        defer { endFaults() }
        return try await body()
    }
}

extension StoreAccess {
    /// Whether the access is a write with one of these names.
    func writes(_ names: String...) -> Bool { if case .write(let name) = self { names.contains(name) } else { false } }
}
