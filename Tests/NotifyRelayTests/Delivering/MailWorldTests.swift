import Channels
import Dedup
import Foundation
import Glibc
import Policy
import RelayCore
import RelaySupport
import RelayTesting
import Sandbox
import Testing
import Transport

/// Random dialogues with a mail server that may say any legal reply at any step, close anywhere, and wait. `MAIL_DIALOGUES` is the number
/// of mails.
@Suite(.timeLimit(.minutes(30)))
struct MailWorldTests {
    private static let count = ProcessInfo.processInfo.environment["MAIL_DIALOGUES"].flatMap(Int.init) ?? 300
    private static let seed = ProcessInfo.processInfo.environment["SEED"].flatMap(UInt64.init) ?? UInt64.random(in: 1...999_999)

    @Test func `each mail ends as delivered, dead or owed, and is never accepted twice unless the answer was lost`() async throws {
        let world = MailServerWorld(seed: Self.seed)
        defer { world.stop() }
        let client = MailClient()
        defer { client.shutdown() }
        var place = MailServer(host: "127.0.0.1", port: world.port, security: .plain, ehlo: "relay.test")
        place.replyTimeout = .milliseconds(150)
        place.finalTimeout = .milliseconds(150)
        let server = place
        let lanes = Locked(LaneHealth())
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<Self.count {
                if number >= 8 { await group.next() }
                group.addTask { await self.deliver(number, to: server, client, lanes, world) }
            }
        }
        let ends = world.ends
        print("mail dialogues: seed \(Self.seed), \(Self.count) mails, \(world.connections) connections: \(world.summary)")
        #expect(ends.count == Self.count, "each mail has one end")
        for (number, accepted) in world.accepted {
            let lost = world.lostAnswers[number] ?? 0
            #expect(accepted <= 1 + lost, "seed \(Self.seed): mail \(number) was accepted \(accepted) times, \(lost) answers were lost")
            if ends[number] == "dead" { #expect(lost > 0, "seed \(Self.seed): mail \(number) is dead and was accepted") }
        }
        for (number, end) in ends where end == "delivered" { #expect(world.accepted[number] ?? 0 >= 1, "mail \(number)") }
    }

    /// Sends one mail as a lane does, for at most six attempts; what is not settled then is owed.
    private func deliver(
        _ number: Int, to place: MailServer, _ client: MailClient, _ lanes: Locked<LaneHealth>, _ world: MailServerWorld
    ) async {
        var claim = Claim(
            delivery: Int64(number), fence: 1, attempt: 1, event: .mail(number), destination: "mail", route: .configured("r"),
            priority: .normal)
        var now = Timestamp(seconds: 1_000_000)
        for _ in 0..<6 {
            let mail = MailRequest(
                server: place, from: "relay@box.test", to: "ann@box.test",
                message: Array("Subject: x\r\n\r\nmail-\(number)-end\r\n".utf8))
            let outcome: DeliveryOutcome
            do throws(TransportError) {
                let response = try await client.send(mail)
                outcome = judge(response).map(DeliveryOutcome.failed) ?? .delivered(Receipt())
            } catch {
                outcome = .failed(judge(error, idempotent: true))
            }
            let settlement = lanes.withLock { lane in
                switch outcome {
                case .delivered: _ = lane.succeeded(at: now)
                case .failed(let error): _ = lane.failed(error, message: claim.event.id, at: now, unit: 0.5)
                }
                return outcome.settlement(of: claim, at: now, lane: lane, giveUp: .seconds(86_400), unit: 0.5, stopping: false)
            }
            now = now + .seconds(3_600)
            claim.attempt += 1
            switch settlement {
            case .delivered: return world.end(number, "delivered")
            case .dead(let reason):
                #expect(!reason.isEmpty)
                return world.end(number, "dead")
            case .unknown, .dropped, .vanished:
                Issue.record("seed \(Self.seed): mail \(number) is \(settlement)")
                return
            case .doubted(let until, _):
                claim.refusals += 1
                claim.refusedAt = claim.refusedAt ?? now
                #expect(until > now - .seconds(3_600))
            case .plain: claim.isPlain = true
            case .retry(_, _), .deferred: break
            }
        }
        world.end(number, "owed")
    }
}

/// A mail server that picks each of its acts at random.
private final class MailServerWorld: Sendable {
    private struct State {
        var chance: Sandbox.Chance
        var accepted: [Int: Int] = [:]
        var lost: [Int: Int] = [:]
        var ends: [Int: String] = [:]
    }

    private let state: Locked<State>
    private let server: RawServer

    init(seed: UInt64) {
        let state = Locked(State(chance: Sandbox.Chance(seed: seed)))
        self.state = state
        server = RawServer { connection, _ in
            var talk = RandomTalk(connection: connection) { items in
                state.withLock { $0.chance.pick(items) }
            } took: { number, isLost in
                state.withLock { state in
                    state.accepted[number, default: 0] += 1
                    if isLost { state.lost[number, default: 0] += 1 }
                }
            }
            talk.run()
        }
    }

    var port: Int { server.port }
    var connections: Int { server.connections }
    var accepted: [Int: Int] { state.withLock { $0.accepted } }
    var lostAnswers: [Int: Int] { state.withLock { $0.lost } }
    var ends: [Int: String] { state.withLock { $0.ends } }

    func end(_ number: Int, _ word: String) {
        state.withLock { state in
            #expect(state.ends[number] == nil, "mail \(number) has two ends")
            state.ends[number] = word
        }
    }

    var summary: String {
        state.withLock { state in
            let words = Dictionary(grouping: state.ends.values, by: \.self).mapValues(\.count)
            let twice = state.accepted.values.filter { $0 > 1 }.count
            return
                "\(words["delivered"] ?? 0) delivered, \(words["dead"] ?? 0) dead, \(words["owed"] ?? 0) owed, \(twice) accepted twice after a lost answer"
        }
    }

    func stop() { server.stop() }
}

private struct RandomTalk {
    let connection: RawConnection
    let pick: ([String]) -> String
    /// Takes the number of an accepted mail, and whether its answer is lost.
    let took: (Int, Bool) -> Void
    private var buffer: [UInt8] = []

    private static let good = Array(repeating: "", count: 60)
    private static let refusals = [
        "421 4.3.2 closing", "450 4.7.1 greylisted", "451 4.4.2 Timeout", "451 4.3.0 later", "452 4.2.2 full", "454 4.7.0 no",
        "550 5.7.1 no",
        "550 5.1.1 no such user", "552 5.2.2 full", "552 5.3.4 too big", "553 5.1.3 bad", "554 5.7.1 <vm>: Helo command rejected",
        "554 5.2.252 SendAsDenied", "550 5.1.90 daily limit", "554 no", "550-first line\r\n550 second", "221 bye", "hangup", "reset",
        "wait", "nonsense",
    ]

    init(connection: RawConnection, pick: @escaping ([String]) -> String, took: @escaping (Int, Bool) -> Void) {
        self.connection = connection
        self.pick = pick
        self.took = took
    }

    mutating func run() {
        guard say("220 box.test ESMTP") else { return }
        while let line = line() {
            switch line.split(separator: " ").first?.uppercased() {
            case "EHLO": if !say("250-box.test\r\n250 SIZE 1000000") { return }
            case "DATA": if !say("354 go on") || !text() { return }
            case "QUIT": return connection.write("221 bye\r\n")
            default: if !say("250 2.0.0 ok") { return }
            }
            // Now and then the server says goodbye to a connection that waits.
            switch pick(Self.good + ["idle 451 4.4.2 Timeout waiting for data", "idle 421 closing", "idle hangup"]) {
            case "idle hangup": return
            case let word where word.hasPrefix("idle "):
                connection.write("\(word.dropFirst(5))\r\n")
                return
            default: break
            }
        }
    }

    /// Sends the good reply or another one. Returns false if the connection ends.
    private func say(_ good: String) -> Bool {
        switch pick(Self.good + Self.refusals) {
        case "": connection.write(good + "\r\n")
        case "hangup": return false
        case "reset":
            connection.reset()
            return false
        case "wait":
            usleep(300_000)
            connection.write(good + "\r\n")
        case "nonsense": connection.write("what?\r\n")
        case let refusal:
            connection.write(refusal + "\r\n")
            if refusal.hasPrefix("421") || refusal.hasPrefix("221") { return false }
        }
        return true
    }

    /// Reads a mail and answers its final dot.
    private mutating func text() -> Bool {
        var number: Int?
        while let line = line() {
            if line.hasPrefix("mail-") { number = Int(line.dropFirst(5).prefix { $0.isNumber }) }
            // After a reply other than 354 no text comes, but another command.
            if number == nil, line.hasPrefix("QUIT") || line.hasPrefix("RSET") || line.hasPrefix("MAIL") { return line.hasPrefix("RSET") }
            guard line == ".", let number else { continue }
            switch pick(Self.good + Self.refusals) {
            case "":
                took(number, false)
                connection.write("250 2.0.0 queued\r\n")
                return true
            case "hangup", "reset", "nonsense":
                took(number, true)
                return false
            case "wait":
                took(number, true)
                usleep(300_000)
                connection.write("250 2.0.0 queued\r\n")
                return false
            case let refusal where refusal.hasPrefix("221"):
                return false
            case let refusal:
                connection.write(refusal + "\r\n")
                return !refusal.hasPrefix("421")
            }
        }
        return false
    }

    private mutating func line() -> String? {
        while true {
            if let end = buffer.firstIndex(of: 10) {
                defer { buffer.removeSubrange(...end) }
                return String(decoding: buffer[..<end].filter { $0 != 13 }, as: UTF8.self)
            }
            guard let more = connection.bytes() else { return nil }
            buffer += more
        }
    }
}

extension Event {
    fileprivate static func mail(_ number: Int) -> Event {
        let now = Timestamp(seconds: 1_000_000)
        return Event(
            id: "mail/\(number)", account: nil, kind: .relay, subject: "mail/\(number)", priority: .normal, occurredAt: now, seenAt: now,
            payload: Payload(detail: .relay(RelayDetail(topic: "t", about: "a", detail: "d", over: false))))
    }
}
