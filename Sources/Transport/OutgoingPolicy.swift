import RelayCore
import RelaySupport

/// The one policy for where requests and mails may go, directly or through a proxy.
///
/// A host is judged by its name first. A direct connection is then judged by the address that libcurl connects to (`ConnectionJudge`). Behind
/// a proxy only the proxy is connected to, so the host is judged by the addresses that it has on this machine. A host that has none here is
/// left to the proxy.
struct OutgoingPolicy: Sendable {
    var lookup = HostLookup()

    /// - Parameter scheme: of the URL, which says which proxy of the environment is taken.
    /// - Returns: what judges the connection that is then made.
    /// - Throws: `.forbiddenAddress` if the host is, or leads to, an address that is not allowed.
    func judge(_ host: String, scheme: String, network: NetworkOptions) async throws(TransportError) -> ConnectionJudge {
        guard !network.allowLinkLocal, network.socket == nil else { return ConnectionJudge(allowsAll: true) }
        guard !AddressPolicy.refuses(host: host) else { throw ConnectionJudge.refusal }
        let isLoopback = WebAddress(scheme: scheme, host: host).isLoopback
        guard let proxy = network.proxyAddress(scheme: scheme, isLoopback: isLoopback) else { return ConnectionJudge() }
        let hosts = await lookup.addresses(of: host)
        guard !hosts.contains(where: AddressPolicy.refuses) else { throw ConnectionJudge.refusal }
        let proxies = await lookup.addresses(of: proxy.host)
        return ConnectionJudge(proxy: Set(proxies.filter(AddressPolicy.refuses)), proxyPort: proxy.port)
    }
}

/// Judges the addresses that one request or mail connects to.
struct ConnectionJudge: Sendable {
    var allowsAll = false
    /// The proxy's own addresses that would be refused as a destination. Who configures a proxy means it, wherever it is.
    var proxy: Set<NetworkAddress> = []
    var proxyPort = 0

    func allows(_ address: NetworkAddress?, port: Int?) -> Bool {
        guard !allowsAll, let address else { return true }
        return !AddressPolicy.refuses(address) || port == proxyPort && proxy.contains(address)
    }

    static let refusal = TransportError(
        .forbiddenAddress, sent: false, "the name leads to a link-local address or a cloud's metadata service, which is not allowed")
}
