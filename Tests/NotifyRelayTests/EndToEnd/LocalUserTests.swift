import Glibc
import RelaySupport
import Testing

@testable import NotifyRelay

/// Who runs a command is who the system says, whatever the environment says.
struct LocalUserTests {
    @Test func `the name is the system's name of the user`() {
        #expect(LocalUser().uid == getuid())
        #expect(LocalUser(uid: 0).name == "root" && LocalUser(uid: 0).place == "uid 0")
    }

    @Test func `a user without a name is called by the id`() {
        #expect(LocalUser(uid: 4_000_123).name == "uid:4000123")
        #expect(LocalUser(uid: 7, nameOf: { _ in nil }).name == "uid:7")
    }

    @Test func `the environment names nobody`() async throws {
        try await Stage.with { stage in
            let approval = await stage.ask("Refund batch 17")
            try await stage.once()
            let claims = ["USER": "bob", "LOGNAME": "bob", "USERNAME": "bob", "SUDO_USER": "bob", "HOME": "/home/bob"]
            let approve = try await stage.relay("approvals", "approve", approval, environment: claims)
            let me = LocalUser()
            #expect(approve.status == 0 && approve.out == "approved by \(me.name)\n", "\(approve.all)")
            let log = try #require(try await stage.relay("approvals", "log", "--json").json.array)
            #expect(log.count == 1 && log[0]["actor"]?.string == me.name)
            #expect(log[0]["via"]?.string == "command line from uid \(me.uid)")
            #expect(try await stage.relay("approvals", "log").out.contains("command line from uid \(me.uid)"))
        }
    }
}
