package import RelayCore

/// An entry of `priorities`: the priority of the events that fit.
package struct PriorityRule: Sendable {
    package var when: Condition
    package var priority: Priority

    package init(when: Condition, priority: Priority) {
        self.when = when
        self.priority = priority
    }
}
