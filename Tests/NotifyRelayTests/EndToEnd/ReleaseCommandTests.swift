import Foundation
import RelayCore
import RelaySupport
import Sandbox
import Testing

@testable import NotifyRelay

/// `release`, and what `why` says of events that nobody was told of.
struct ReleaseCommandTests {
    @Test func `what a mute holds is told once after a release, and the mute goes on`() async throws {
        try await Stage.with { stage in
            try await stage.once()
            #expect(try await stage.relay("mute", "--automation", "Nightly invoices", "--for", "1h").status == 0)
            let held = await stage.notify()
            try await stage.once()
            #expect(await stage.told == [])
            let released = try await stage.relay("release", "--destination", "hook")
            #expect(released.status == 0 && released.out == "1 window and 0 deliveries released\n", "\(released.all)")
            try await stage.once()
            let told = await stage.told
            #expect(told.count == 1 && told.first?.hasPrefix("bundle/mute/hook/") == true, "\(told)")
            #expect(try await stage.relay("why", held).out.contains("told in bundle/mute/hook/"))
            _ = await stage.notify("this one is held again")
            try await stage.once()
            #expect(await stage.told.count == 1)
        }
    }

    @Test func `a release of nothing is 66, and one of nobody is 64`() async throws {
        try await Stage.with { stage in
            try await stage.once()
            #expect(try await stage.relay("release", "--all").status == 66)
            #expect(try await stage.relay("release").status == 64)
            #expect(try await stage.relay("release", "--all", "--destination", "hook").status == 64)
        }
    }

    @Test func `why says that what was before the first start was remembered`() async throws {
        try await Stage.with(yaml: { Stage.standard($0).replacing("first_look: 1h, ", with: "") }) { stage in
            let before = await stage.notify()
            // The first start is known to the second, because it comes from the `Date` of a response.
            try await Task.sleep(for: .milliseconds(1_100))
            try await stage.once()
            let after = await stage.notify("this one is told")
            try await stage.once()
            #expect(await stage.told == [after])
            #expect(try await stage.relay("why", before).out.contains("happened before the relay's first start: remembered, not told"))
            #expect(try await stage.relay("why", after).out.contains("delivered"))
        }
    }
}
