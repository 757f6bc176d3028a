import Foundation
import Sandbox
import Testing

@testable import NotifyRelay

/// The store and everything else of a relay is beside its configuration file, wherever the relay is started.
struct OtherFolderTests {
    @Test(arguments: ["../first/relay.yaml", "./../first/relay.yaml", "link/relay.yaml", "link/../first/relay.yaml"])
    func `a file that is named from another folder`(path: String) async throws {
        let yaml: (SandboxAddresses) -> String = { addresses in
            Stage.standard(
                addresses, destinations: ["drop: {type: file, folder: ./told}"],
                routes: ["{name: all, when: {kind: notification}, to: [drop]}"]
            )
            .replacingOccurrences(of: "\"\(Stage.key)\"", with: "\"${file:secret}\"")
        }
        try await Stage.with { stage in
            let folder = stage.place.folder
            for name in ["first", "second"] {
                try FileManager.default.createDirectory(at: folder.appendingPathComponent(name), withIntermediateDirectories: false)
            }
            try FileManager.default.createSymbolicLink(
                atPath: folder.appendingPathComponent("second/link").path, withDestinationPath: "../first")
            try stage.place.write(yaml(stage.addresses), to: "first/relay.yaml")
            try stage.place.write(Stage.key, to: "first/secret")
            await stage.notify()
            let second = folder.appendingPathComponent("second")
            let run = try RelayProcess(["run", "--once", "-c", path], in: second)
            #expect(await run.ended() == 0, "\(run.errorText)")
            for name in ["notify-relay.db", "notify-relay.db.key", "told/messages.jsonl"] {
                #expect(stage.place.has("first/" + name), "\(name)")
            }
            let left = try FileManager.default.contentsOfDirectory(atPath: second.path).filter { !$0.hasPrefix("std") }
            #expect(left == ["link"])
        }
    }
}
