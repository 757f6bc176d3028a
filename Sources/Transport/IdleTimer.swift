import Dispatch

/// Runs something later, unless the program ends before. For closing what nobody uses; nothing depends on the moment.
enum IdleTimer {
    static func after(_ duration: Duration, _ body: @escaping @Sendable () -> Void) {
        DispatchQueue.global(qos: .utility).asyncAfter(deadline: .now() + duration.inSecondsForDispatch, execute: body)
    }
}

extension Duration {
    fileprivate var inSecondsForDispatch: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
