import CCurl
import RelayCore

extension NetworkOptions {
    /// - Parameter isLoopback: what stays on this machine goes through no proxy of the environment: it may be plain, and bear a key.
    func apply(to curl: UnsafeMutableRawPointer, isLoopback: Bool) {
        if let caFile {
            _ = relay_set_text(curl, CURLOPT_CAINFO, caFile)
            // Or the system's folder of authorities would be trusted beside the file.
            _ = relay_set_text(curl, CURLOPT_CAPATH, nil)
        }
        if let proxy {
            _ = relay_set_text(curl, CURLOPT_PROXY, proxy.reveal())
        } else if isLoopback {
            _ = relay_set_text(curl, CURLOPT_NOPROXY, "*")
        }
    }
}
