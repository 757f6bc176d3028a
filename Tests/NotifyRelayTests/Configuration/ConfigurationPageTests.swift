import Channels
import Foundation
import RelayCore
import RelaySupport
import Testing

@testable import NotifyRelay

/// `docs/configuration.md` lists every key that the reader knows, and no other.
struct ConfigurationPageTests {
    /// The page's headings with the keys of their tables.
    private static let page: [String: Set<String>] = {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        let file = folder.appendingPathComponent("../../../docs/configuration.md").standardized
        let lines = ((try? String(contentsOf: file, encoding: .utf8)) ?? "").split(separator: "\n")
        var sections: [String: Set<String>] = [:], heading = ""
        for line in lines {
            if line.hasPrefix("## ") { heading = String(line.dropFirst(3)) }
            if line.hasPrefix("| `"), let key = line.split(separator: "`").dropFirst().first {
                sections[heading, default: []].insert(String(key))
            }
        }
        return sections
    }()

    /// An unknown key in every mapping, so that the reader's problems list the keys that it knows there.
    private static let stranger = """
        zzz: 1
        links: {zzz: 1}
        retention: {zzz: 1}
        words: {zzz: 1}
        people: {ann: {zzz: 1}}
        accounts: {a: {api_key: k, zzz: 1, automations: {zzz: 1}, poll: {zzz: 1}}}
        destinations: {d: {type: TYPE, zzz: 1, pace: {every: 1s, zzz: 1}, quiet: {zzz: 1}, working: {zzz: 1}, ceiling: {zzz: 1}}}
        priorities: [{zzz: 1}]
        expect: [{zzz: 1}]
        routes: [{name: r, zzz: 1, when: {zzz: 1}, quiet: {zzz: 1}, collapse: {zzz: 1}, escalate: {zzz: 1}}]
        digests: {m: {zzz: 1}}
        server: {zzz: 1, heartbeat: {zzz: 1}, sign_in: {zzz: 1, oidc: {zzz: 1}, header: {zzz: 1}}}
        """

    /// The paths of mappings with the keys that the reader knows there.
    private func known(type: String) throws -> [String: Set<String>] {
        let (_, problems) = Configuration.load(
            text: Self.stranger.replacingOccurrences(of: "TYPE", with: type), file: "relay.yaml", folder: "/", environment: [:],
            readFile: { _ in nil })
        var known: [String: Set<String>] = [:]
        for problem in problems where problem.problem.hasPrefix("unknown key 'zzz'") {
            let path = problem.problem.components(separatedBy: " in ").dropFirst().first ?? ""
            let keys = try #require(problem.expected).dropFirst("one of ".count).components(separatedBy: ", ")
            known[path] = Set(keys)
        }
        return known
    }

    @Test(arguments: [
        ("", "The top"), ("links", "links"), ("retention", "retention"), ("words", "words"), ("people.ann", "people.NAME"),
        ("accounts.a", "accounts.NAME"), ("accounts.a.automations", "accounts.NAME.automations"), ("accounts.a.poll", "accounts.NAME.poll"),
        ("destinations.d.pace", "destinations.NAME.pace"), ("destinations.d.quiet", "destinations.NAME.quiet"),
        ("destinations.d.working", "destinations.NAME.working"), ("destinations.d.ceiling", "destinations.NAME.ceiling"),
        ("priorities[0]", "priorities"), ("expect[0]", "expect"), ("routes[0]", "routes"), ("routes[0].when", "routes.when"),
        ("routes[0].quiet", "destinations.NAME.quiet"), ("routes[0].collapse", "routes.collapse"),
        ("routes[0].escalate", "routes.escalate"), ("digests.m", "digests.NAME"), ("server", "server"),
        ("server.heartbeat", "server.heartbeat"), ("server.sign_in", "server.sign_in"), ("server.sign_in.oidc", "server.sign_in.oidc"),
        ("server.sign_in.header", "server.sign_in.header"),
    ])
    func `the page and the reader know the same keys`(path: String, heading: String) throws {
        #expect(try known(type: "console")[path] == Self.page[heading])
    }

    @Test(arguments: Catalogue.types.map(\.name))
    func `the page and the reader know the same keys of each type`(type: String) throws {
        let common = try #require(Self.page["destinations.NAME"])
        #expect(try known(type: type)["destinations.d"] == common.union(Self.page["type \(type)"] ?? []))
    }

    @Test func `every mapping of the file has its table`() throws {
        #expect(try known(type: "console").count == 26)
    }
}
