import CCurl
import RelayCore
import RelaySupport

extension NetworkOptions {
    /// Sets these options on a libcurl handle.
    ///
    /// - Parameter isLoopback: true if the host is this machine. It then uses no proxy from the environment, because the request may be
    ///   unencrypted and carry a key.
    func apply(to curl: UnsafeMutableRawPointer, isLoopback: Bool) {
        if let caFile {
            _ = relay_set_text(curl, CURLOPT_CAINFO, caFile)
            // Without this, libcurl would also trust the system's folder of authorities.
            _ = relay_set_text(curl, CURLOPT_CAPATH, nil)
        }
        if let socket { _ = relay_set_text(curl, CURLOPT_UNIX_SOCKET_PATH, socket) }
        if let proxy {
            _ = relay_set_text(curl, CURLOPT_PROXY, proxy.reveal())
        } else if isLoopback {
            _ = relay_set_text(curl, CURLOPT_NOPROXY, "*")
        }
    }
}
