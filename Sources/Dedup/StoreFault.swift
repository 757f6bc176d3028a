import GRDB
import RelayCore
import RelaySupport

/// A failure of SQLite that a test asks for.
package struct StoreFault: Sendable, Equatable {
    package enum Code: Sendable, CaseIterable { case ioError, full, busy, corrupt }

    /// Where a write fails. A read fails before anything was read, whatever it says here.
    package enum Moment: Sendable, CaseIterable {
        /// Nothing was done.
        case before
        /// The work was done and its transaction is undone.
        case during
        /// The transaction is on the disk, and whoever asked for it is told that it failed.
        case after
    }

    package var code: Code
    package var moment: Moment

    package init(_ code: Code, _ moment: Moment = .before) {
        self.code = code
        self.moment = moment
    }

    var error: DatabaseError {
        switch code {
        case .ioError: DatabaseError(resultCode: .SQLITE_IOERR, message: "disk I/O error")
        case .full: DatabaseError(resultCode: .SQLITE_FULL, message: "database or disk is full")
        case .busy: DatabaseError(resultCode: .SQLITE_BUSY, message: "database is locked")
        case .corrupt: DatabaseError(resultCode: .SQLITE_CORRUPT, message: "database disk image is malformed")
        }
    }
}

/// What a ledger is about to do with its file.
package enum StoreAccess: Sendable, Equatable {
    case read
    /// The name is the one of the write: `admit`, `settle`, …
    case write(String)
}

/// Where tests make a ledger fail. A release build keeps no plan and asks for none.
package final class FaultPoint: Sendable {
    /// Says how an access fails; nil lets it pass. It is asked once for each access, on any thread.
    package typealias Plan = @Sendable (StoreAccess) -> StoreFault?

    #if DEBUG
        private let plan = Locked<Plan?>(nil)

        /// Follows a plan from now on; nil ends all faults.
        package func follow(_ plan: Plan?) { self.plan.withLock { $0 = plan } }
    #endif

    @inline(__always)
    func fault(in access: @autoclosure () -> StoreAccess) -> StoreFault? {
        #if DEBUG
            plan.withLock { $0 }?(access())
        #else
            nil
        #endif
    }
}
