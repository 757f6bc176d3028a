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

    /// Words for an error that name the host, if the error is about it.
    static func words(_ code: CURLcode, about address: WebAddress) -> String {
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST: return "the name \(address.host) is not known"
        case CURLE_COULDNT_CONNECT: return "no connection to \(address.host)\(address.port.map { ":\($0)" } ?? "")"
        default: return words(code)
        }
    }
}

/// A libcurl handle. `@unchecked Sendable`: its owner makes sure that only one thread at a time uses it.
struct Handle: @unchecked Sendable {
    let pointer: UnsafeMutableRawPointer

    /// - Parameter pointer: libcurl returns nil if there is no memory; then there is no handle.
    init?(_ pointer: UnsafeMutableRawPointer?) {
        guard let pointer else { return nil }
        self.pointer = pointer
    }
}

extension TransportError {
    /// The request was not tried, because this machine is out of threads or memory at the moment.
    static func exhausted(_ what: String) -> TransportError {
        TransportError(.exhausted, sent: false, "the system has no \(what) left at the moment")
    }
}
