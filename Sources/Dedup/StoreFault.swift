import GRDB
import RelayCore
import RelaySupport

/// A failure of SQLite that a test asks for.
package struct StoreFault: Sendable, Equatable {
    package enum Code: Sendable, CaseIterable { case ioError, full, busy, corrupt }

    /// The moment at which a write fails. A read always fails before anything was read.
    package enum Moment: Sendable, CaseIterable {
        /// Nothing was done.
        case before
        /// The work was done, and its transaction is rolled back.
        case during
        /// The transaction is on the disk, and its caller gets an error.
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

/// An access of a ledger to its file.
package enum StoreAccess: Sendable, Equatable {
    case read
    /// The name is the one of the write: `admit`, `settle`, …
    case write(String)
}

/// Lets tests make a ledger fail. A release build has no plan and no check.
package final class FaultPoint: Sendable {
    /// Returns how an access fails, or nil if it does not. It is called once for each access, on any thread.
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
