import CCurl
import Glibc

/// Process-wide libcurl functions.
enum Libcurl {
    /// Global set-up, done once before the first thread starts. It also makes a broken pipe an error code instead of a signal.
    static let start: Void = {
        curl_global_init(relay_global_all)
        signal(SIGPIPE, SIG_IGN)
    }()

    /// libcurl's own words for an error. They may hold host names, but never paths, headers or what was sent.
    static func words(_ code: CURLcode) -> String { String(cString: curl_easy_strerror(code)) }
}

/// A libcurl handle. `@unchecked Sendable`: its owner makes sure that only one thread at a time uses it.
struct Handle: @unchecked Sendable {
    let pointer: UnsafeMutableRawPointer

    init(_ pointer: UnsafeMutableRawPointer?) {
        guard let pointer else { preconditionFailure("out of memory: libcurl gave no handle") }
        self.pointer = pointer
    }
}

/// Starts a separate thread for calls that block.
enum CurlThread {
    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    static func start(_ body: @escaping @Sendable () -> Void) {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        // 512 KiB is enough for TLS and the resolver's callbacks.
        pthread_attr_setstacksize(&attributes, 512 * 1024)
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        var thread = pthread_t()
        let held = Unmanaged.passRetained(Body(body)).toOpaque()
        let code = pthread_create(
            &thread, &attributes,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, held)
        pthread_attr_destroy(&attributes)
        precondition(code == 0, "the system gives no more threads")
    }
}
