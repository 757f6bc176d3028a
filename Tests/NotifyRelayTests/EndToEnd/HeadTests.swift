import RelaySupport
import Sandbox
import Testing
import Transport

@testable import NotifyRelay

/// HEAD is answered as GET, without a body, on both sides.
struct HeadTests {
    @Test func `every page answers HEAD with the head of its GET`() async throws {
        let port = try Web.freePort(), open = try Web.freePort()
        let address = "http://127.0.0.1:\(port)", site = "http://127.0.0.1:\(open)"
        let server = "server: {listen: \"127.0.0.1:\(port)\", public_listen: \"127.0.0.1:\(open)\", public_url: \"\(site)\"}"
        try await Stage.with(yaml: { Stage.standard($0, more: server) }) { stage in
            let relay = try stage.start("run")
            #expect(await comesTrue { await Web.get(address + "/readyz")?.status == 200 }, "\(relay.errorText)")
            #expect(await comesTrue { await Web.get(site + "/a/guess")?.status == 404 }, "\(relay.errorText)")
            let client = HTTPClient()
            defer { client.shutdown() }
            let pages = ["/healthz", "/readyz", "/", "/metrics", "/nothing"].map { address + $0 }
            for url in pages + ["/a/guess", "/nothing", "/hooks/slack"].map({ site + $0 }) {
                let get = try #require(await Web.get(url))
                // Two on one connection: a body after the first would be taken for the second.
                for _ in 1...2 {
                    let head = try await client.send(HTTPRequest("HEAD", Secret(url)))
                    #expect(head.status == get.status && head.body.isEmpty, "\(url)")
                    let type = get.headers.first { $0.name == "content-type" }?.value
                    #expect(head.header("content-type") == type, "\(url)")
                    #expect(head.header("content-length") != nil, "\(url)")
                }
            }
            #expect(await relay.stopped() == 0)
        }
    }
}
