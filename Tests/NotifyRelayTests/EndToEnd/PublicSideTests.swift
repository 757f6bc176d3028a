import Foundation
import RelayCore
import RelaySupport
import Testing
import Transport

/// The public side, over real sockets.
struct PublicSideTests {
    @Test func `only its paths are there, and what is too large is not read`() async throws {
        let port = try Web.freePort(), url = "http://127.0.0.1:\(port)"
        let server = "server: {public_listen: \"127.0.0.1:\(port)\", public_url: \"\(url)\"}"
        try await Stage.with(yaml: { Stage.standard($0, more: server) }) { stage in
            let relay = try RelayProcess(["run", "--config", "relay.yaml"], in: stage.place.folder)
            #expect(await comesTrue { await Web.get(url + "/a/guess")?.status == 404 }, "\(relay.errorText)")
            for path in ["/", "/healthz", "/readyz", "/metrics", "/a", "/hooks/slack", "/../../etc/passwd"] {
                #expect(await Web.get(url + path)?.status == 404, "\(path)")
            }
            let client = HTTPClient()
            defer { client.shutdown() }
            let body = [UInt8](repeating: 65, count: 400_000)
            // The server may end the connection without a response if it refuses a body before all of it was read.
            let answer = try? await client.send(HTTPRequest("POST", Secret(url + "/hooks/slack"), body: body))
            #expect(answer == nil || answer?.status == 413)
            let unsigned = try await client.send(HTTPRequest("POST", Secret(url + "/hooks/slack"), body: Array("payload={}".utf8)))
            #expect(unsigned.status == 401)
            let discord = try await client.send(HTTPRequest("POST", Secret(url + "/hooks/discord"), body: Array("{\"type\":1}".utf8)))
            #expect(discord.status == 401)
            #expect(relay.terminate() == 0)
            #expect(FileManager.default.fileExists(atPath: stage.place.folder.appendingPathComponent("notify-relay.db.key").path))
            let key = try String(contentsOf: stage.place.folder.appendingPathComponent("notify-relay.db.key"), encoding: .utf8)
            #expect(!relay.errorText.contains(key.trimmed) && !relay.outputText.contains(key.trimmed))
        }
    }
}
