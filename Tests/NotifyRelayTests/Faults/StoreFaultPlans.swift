import Dedup
import RelayCore
import RelaySupport

@testable import NotifyRelay

/// A share of all accesses to the store fails, by a seed.
final class FaultShare: Sendable {
    private let chance: Locked<Chance>
    private let count = Locked(0)
    private let percent: Int
    private let isOver = Locked(false)

    init(seed: UInt64, percent: Int) {
        chance = Locked(Chance(seed))
        self.percent = percent
    }

    /// How many accesses have failed.
    var failed: Int { count.withLock { $0 } }

    /// No access fails any more.
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
    /// Every access that fits fails from now on.
    func fail(_ fault: StoreFault = StoreFault(.ioError), where fits: @escaping @Sendable (StoreAccess) -> Bool) {
        ledger.faults.follow { fits($0) ? fault : nil }
    }

    /// No access fails any more.
    func endFaults() { ledger.faults.follow(nil) }

    /// Every access that fits fails while the body runs.
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
    /// It writes, under one of these names.
    func writes(_ names: String...) -> Bool { if case .write(let name) = self { names.contains(name) } else { false } }
}
