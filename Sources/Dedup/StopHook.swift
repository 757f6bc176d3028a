import RelayCore

/// Places where a debug build can be made to stop, named `admit.before-commit`, `settle.after-commit`, …
enum StopHook {
    #if DEBUG
        static let hook = Locked<(@Sendable (String) -> Void)?>(nil)
    #endif

    @inline(__always)
    static func pass(_ place: @autoclosure () -> String) {
        #if DEBUG
            if let hook = hook.withLock({ $0 }) { hook(place()) }
        #endif
    }
}

#if DEBUG
    extension Ledger {
        /// Called on the writer's thread before and after each commit, once for each piece of work in it.
        package static func onStopPoint(_ hook: (@Sendable (String) -> Void)?) { StopHook.hook.withLock { $0 = hook } }
    }
#endif
