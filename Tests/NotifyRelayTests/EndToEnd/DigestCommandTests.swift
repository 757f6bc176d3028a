import RelayCore
import RelaySupport
import Sandbox
import Testing

@testable import NotifyRelay

/// `digest` and `mute`, and what `why` shows for events that are in a window.
struct DigestCommandTests {
    private func failing(_ body: (Stage, [String]) async throws -> Void) async throws {
        let yaml: (SandboxAddresses) -> String = {
            Stage.standard(
                $0, routes: ["{name: failures, when: {kind: run, outcome: failed}, digest: [daily]}"],
                more: "digests: {daily: {every: 24h, to: [hook]}, other: {at: \"08:00\", to: [hook]}}")
        }
        try await Stage.with(yaml: yaml) { stage in
            var runs: [String] = []
            for _ in 1...3 { runs.append(try await stage.fail()) }
            try await stage.once()
            #expect(await stage.inbox.count == 0)
            try await body(stage, runs)
        }
    }

    @Test func `a preview shows what has come so far, and changes nothing`() async throws {
        try await failing { stage, _ in
            for _ in 1...2 {
                let preview = try await stage.relay("digest", "daily", "--preview")
                #expect(preview.status == 0 && preview.lines.first == "[staging] 1 automation newly failing", "\(preview.all)")
                #expect(preview.out.contains("New: Nightly invoices, 3 failed"))
            }
            let json = try await stage.relay("digest", "daily", "--preview", "--json").json
            #expect(json["data"]?["digest"]?["new"]?.array?.first?["count"] == 3)
            let page = try await stage.relay("digest", "daily", "--preview", "--html", "daily.html")
            #expect(page.status == 0)
            #expect(String(decoding: try stage.place.bytes(of: "daily.html"), as: UTF8.self).contains("Nightly invoices"))
            let hook = try await stage.relay("digest", "daily", "--preview", "--for", "hook").json
            #expect(hook["data"]?["digest"]?["headline"] == "1 automation newly failing")
            try await stage.once()
            #expect(await stage.inbox.count == 0)
        }
    }

    @Test func `--now closes what is open, the next run sends it, and the past can be shown again`() async throws {
        try await failing { stage, runs in
            let now = try await stage.relay("digest", "daily", "--now")
            #expect(now.status == 0 && now.out.hasPrefix("digest/daily/") && now.out.contains("is owed to hook"), "\(now.all)")
            #expect(try await stage.relay("digest", "daily", "--now").out == "there is nothing to tell\n")
            try await stage.once()
            let told = await stage.told
            #expect(told.count == 1 && told.allSatisfy { $0.hasPrefix("digest/daily/") })
            let table = try await stage.relay("digest", "daily")
            #expect(table.lines.contains { $0.contains("open, 0 events so far") }, "\(table.out)")
            #expect(table.lines.contains { $0.contains("1 automation newly failing") }, "\(table.out)")
            let windows = try #require(try await stage.relay("digest", "daily", "--json").json.array)
            let closed = try #require(windows.first { $0["event"]?.string == told.first }?["closes_at"]?.string)
            let past = try await stage.relay("digest", "daily", "--preview", "--window", closed)
            #expect(past.out.contains("New: Nightly invoices, 3 failed"), "\(past.all)")
            let why = try await stage.relay("why", runs[0])
            #expect(why.out.contains("joined digest daily, told in \(told.first ?? "")"), "\(why.out)")
        }
    }

    @Test func `an event that waits for its digest says so`() async throws {
        try await failing { stage, runs in
            let why = try await stage.relay("why", runs[0])
            #expect(why.out.contains("joined digest daily, until 20"), "\(why.out)")
            let window = try await stage.relay("why", runs[0], "--json").json["windows"]?.array?.first
            #expect(window?["kind"] == "digest" && window?["name"] == "daily" && window?["told_at_once"] == false)
        }
    }

    @Test func `what is not there, or does not go together, is said`() async throws {
        try await failing { stage, _ in
            let unknown = try await stage.relay("digest", "dayly")
            #expect(unknown.status == 66 && unknown.err.contains("did you mean 'daily'?"), "\(unknown.all)")
            let past = try await stage.relay("digest", "daily", "--preview", "--window", "2011")
            #expect(past.status == 66 && past.err.contains("no window that closed at 2011"), "\(past.all)")
            #expect(try await stage.relay("digest", "daily", "--preview", "--now").status == 64)
            #expect(try await stage.relay("digest", "daily", "--html", "x.html").status == 64)
            #expect(try await stage.relay("digest", "other", "--preview").out == "there is nothing to tell\n")
        }
    }

    @Test func `a muted automation is told when it is heard again`() async throws {
        try await Stage.with { stage in
            try await stage.once()
            let mute = try await stage.relay("mute", "--automation", "Nightly*", "--for", "2h")
            #expect(mute.status == 0 && mute.out.hasPrefix("Nightly* is muted until 20"), "\(mute.all)")
            #expect(try await stage.relay("mute").lines.contains { $0.hasPrefix("Nightly*") })
            let events = [await stage.notify("one"), await stage.notify("two")]
            let alarm = await stage.notify("alarm", priority: "urgent")
            try await stage.once()
            #expect(await stage.told == [alarm])
            let why = try await stage.relay("why", events[0])
            #expect(why.out.contains("held for hook: Nightly* is muted, until 20"), "\(why.out)")
            #expect(try await stage.relay("status").out.contains("Nightly*"))

            #expect(try await stage.relay("mute", "--automation", "Nightly*", "--for", "0s").out == "Nightly* is heard again\n")
            #expect(try await stage.relay("mute").out == "nothing is muted\n")
            try await stage.once()
            let bundle = try #require(await stage.told.last)
            #expect(bundle.hasPrefix("bundle/mute/"), "\(bundle)")
            #expect(await stage.inbox.count == 2)
            #expect(try await stage.relay("why", events[1]).out.contains("is muted, told in \(bundle)"))
        }
    }

    @Test(arguments: [
        ["--automation", "x"], ["--for", "2h"], ["--automation", "x", "--for", "soon"], ["--automation", "", "--for", "1h"],
    ])
    func `a mute names an automation and a time`(words: [String]) async throws {
        try await Stage.with { stage in
            let mute = try RelayProcess(["mute"] + words, in: stage.place.folder)
            #expect(await mute.ended() == 64, "\(mute.errorText)")
        }
    }

    @Test func `what is held in quiet hours, or is too much, says so`() async throws {
        let now = SystemClock().now
        let hour = { (moment: Timestamp) in moment.description.dropFirst(11).prefix(5) }
        let quiet = "quiet: {from: \"\(hour(now - .seconds(3_600)))\", to: \"\(hour(now + .seconds(7_200)))\"}"
        let yaml: (SandboxAddresses) -> String = {
            Stage.standard(
                $0,
                destinations: [
                    "night: {type: webhook, url: \"\($0.webhook("night"))\", \(quiet)}",
                    "few: {type: webhook, url: \"\($0.webhook("few"))\", ceiling: {most: 1, within: 1h}}",
                ],
                routes: ["{name: all, when: {kind: notification}, to: [night, few]}"])
        }
        try await Stage.with(yaml: yaml) { stage in
            try await stage.once()
            _ = await stage.notify("one")
            try await stage.once()
            let second = await stage.notify("two")
            try await stage.once()
            #expect(await stage.inbox.count == 1)
            let why = try await stage.relay("why", second)
            #expect(why.out.contains("held for night: quiet hours, until 20"), "\(why.out)")
            #expect(why.out.contains("gathered for few: more than its ceiling lets through, until 20"), "\(why.out)")
            let windows = try #require(try await stage.relay("why", second, "--json").json["windows"]?.array)
            #expect(Set(windows.compactMap { $0["kind"]?.string }) == ["quiet", "storm"])
            let status = try await stage.relay("status")
            #expect(status.out.contains("quiet") && status.out.contains("ceiling"), "\(status.out)")
        }
    }

    @Test func `what is like what was told says into which it collapsed`() async throws {
        let yaml: (SandboxAddresses) -> String = {
            Stage.standard(
                $0, routes: ["{name: failures, when: {kind: run, outcome: failed}, to: [hook], collapse: {by: [automation], within: 1h}}"])
        }
        try await Stage.with(yaml: yaml) { stage in
            var runs = [try await stage.fail()]
            try await stage.once()
            runs.append(try await stage.fail())
            try await stage.once()
            let told = await stage.told
            #expect(told.count == 1)
            let first = try await stage.relay("why", runs[0])
            #expect(first.out.contains("told to hook for all that are like it until 20"), "\(first.out)")
            let second = try await stage.relay("why", runs[1])
            #expect(second.out.contains("collapsed for hook into \(told.first ?? "")"), "\(second.out)")
        }
    }
}

extension Stage {
    /// Starts a run that fails at once, and returns its id.
    func fail() async throws -> String {
        let run = await run()
        await world.finishRun(run, outcome: .failed)
        return run
    }
}
