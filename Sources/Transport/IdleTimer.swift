import Dispatch

/// Runs something later, unless the program ends first. It closes unused connections; nothing depends on the exact time.
enum IdleTimer {
    static func after(_ duration: Duration, _ body: @escaping @Sendable () -> Void) {
        DispatchQueue.global(qos: .utility).asyncAfter(deadline: .now() + duration.inSecondsForDispatch, execute: body)
    }
}

extension Duration {
    fileprivate var inSecondsForDispatch: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
