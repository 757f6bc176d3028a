/// Something that runs code in turns: it runs all that can run now, then waits.
package protocol TurnTaking: Sendable {
    /// Runs a body once all that can run now has run, so that what is asked for in one turn is handed over together. Called from elsewhere
    /// it runs the body at once.
    func atEndOfTurn(_ body: @escaping @Sendable () -> Void)
}

/// No turns: everything is handed over at once.
package struct WithoutTurns: TurnTaking {
    package init() {}

    package func atEndOfTurn(_ body: @escaping @Sendable () -> Void) { body() }
}
