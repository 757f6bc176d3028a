import Dedup
import Foundation
import RelaySupport
import Testing

@testable import NotifyRelay

/// Relative paths start in the folder of the configuration file, however that file is named.
struct PlaceTests {
    @Test(arguments: [
        ("store.db", "/etc/relay/store.db"), ("./store.db", "/etc/relay/store.db"), ("../store.db", "/etc/store.db"),
        ("../../../../store.db", "/store.db"), ("a//b/./../store.db", "/etc/relay/a/store.db"), ("/var/store.db", "/var/store.db"),
        ("/var/./lib/../store.db", "/var/store.db"), ("..", "/etc"), (".", "/etc/relay"),
    ])
    func `a path is read from its folder`(path: String, absolute: String) {
        #expect(absolutePath(path, in: "/etc/relay") == absolute)
    }

    @Test func `up from a symbolic link is up from its target, and other links stay`() throws {
        let place = try Workplace(), folder = place.folder.resolvingSymlinksInPath().path
        try FileManager.default.createDirectory(atPath: folder + "/real/inner", withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(atPath: folder + "/link", withDestinationPath: "real/inner")
        #expect(absolutePath("link/store.db", in: folder) == folder + "/link/store.db")
        #expect(absolutePath("link/../store.db", in: folder) == folder + "/real/store.db")
        #expect(absolutePath("../store.db", in: folder + "/link") == folder + "/real/store.db")
    }

    @Test func `every path of the file starts in its folder`() throws {
        let place = try Workplace(), folder = place.folder.path
        try place.write("rk_sandbox_from-a-file", to: "key")
        try place.write(
            """
            store: ../data/relay.db
            templates: ./words
            accounts:
              a: {api_key: "${file:key}", ca_file: ca.pem}
            destinations:
              screen: {type: console, ca_file: ../ca.pem}
            """, to: "relay.yaml")
        let here = FileManager.default.currentDirectoryPath.split(separator: "/").map { _ in ".." }.joined(separator: "/")
        for path in [folder + "/relay.yaml", here + folder + "/relay.yaml", "./" + here + folder + "/./relay.yaml"] {
            let (read, problems) = Configuration.load(path: path, environment: [:])
            let configuration = try #require(read, "\(problems)")
            let parent = (folder as NSString).deletingLastPathComponent
            #expect(configuration.store == .file(parent + "/data/relay.db"), "\(path)")
            #expect(configuration.templates == folder + "/words")
            #expect(configuration.accounts.first?.caFile == folder + "/ca.pem")
            #expect(configuration.accounts.first?.key.reveal() == "rk_sandbox_from-a-file")
        }
    }
}
