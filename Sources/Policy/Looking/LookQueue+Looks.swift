package import RelayCore

/// What the queue chooses from, and what it is told of a detail.
extension LookQueue {
    /// From which worth a guessed look is made if the budget is not the bound.
    package enum Effort: String, Sendable, CaseIterable {
        case thrifty, normal, eager

        /// In event-seconds.
        package var leastWorth: Double {
            switch self {
            case .thrifty: 0.5
            case .normal: 0.02
            case .eager: 0
            }
        }
    }

    package enum Look: Sendable, Hashable {
        /// The list of automations.
        case automations
        /// The runs of an automation.
        case runs(String)
        /// One run's detail.
        case detail(String)
    }

    /// A run's detail that is due.
    package struct Detail: Sendable, Equatable {
        package enum Kind: Int, Sendable, Comparable {
            /// A run that says what became of an approval.
            case asked
            /// A failed run that was not read since it finished.
            case failed
            /// Another finished run that was not read since.
            case finished
            /// A run that goes on, or a late look at a finished one.
            case guessed

            package static func < (a: Kind, b: Kind) -> Bool { a.rawValue < b.rawValue }
        }

        package var run: String
        package var kind: Kind
        package var dueAt: Timestamp
        /// The rate of what is looked for, in events a second.
        package var rate: Double

        package init(run: String, kind: Kind, dueAt: Timestamp, rate: Double = 0) {
            self.run = run
            self.kind = kind
            self.dueAt = dueAt
            self.rate = rate
        }
    }
}

extension LookQueue.Detail {
    func isBefore(_ other: Self) -> Bool { (kind, dueAt, run) < (other.kind, other.dueAt, other.run) }
}
