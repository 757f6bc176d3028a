import RelaySupport

/// Runs a body once, when as many parts of the start as are expected have arrived.
final class Arrivals: Sendable {
    private let missing: Locked<Int>
    private let whenAllAreHere: @Sendable () -> Void

    init(of parts: Int, _ whenAllAreHere: @escaping @Sendable () -> Void) {
        missing = Locked(parts)
        self.whenAllAreHere = whenAllAreHere
    }

    func arrive() {
        let left = missing.withLock { missing in
            missing -= 1
            return missing
        }
        if left == 0 { whenAllAreHere() }
    }
}
