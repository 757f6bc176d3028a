import CDispatch
import Glibc

/// Starts a separate thread for calls that block.
package enum BlockingThread {
    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Starts a thread that runs the body; false if the system has none to give.
    package typealias Start = @Sendable (_ body: @escaping @Sendable () -> Void) -> Bool

    /// Returns false if the system has no thread to give; the body then never runs.
    package static func start(_ body: @escaping @Sendable () -> Void) -> Bool {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        // 512 KiB is enough for TLS and the resolver's callbacks.
        pthread_attr_setstacksize(&attributes, 512 * 1024)
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        var thread = pthread_t()
        let held = Unmanaged.passRetained(Body(body))
        let code = pthread_create(
            &thread, &attributes,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, held.toOpaque())
        pthread_attr_destroy(&attributes)
        if code != 0 { held.release() }
        return code == 0
    }
}
