import Foundation
import Glibc
import RelayCore
import RelaySupport
import RelayTesting
import Sandbox
import Testing
import Transport

@testable import Channels

/// Random responses to each type of destination, over real sockets. `HTTP_ANSWERS` is their number for each type.
@Suite(.timeLimit(.minutes(30)))
struct RandomAnswerTests {
    private static let count = ProcessInfo.processInfo.environment["HTTP_ANSWERS"].flatMap(Int.init) ?? 60
    private static let seed = ProcessInfo.processInfo.environment["SEED"].flatMap(UInt64.init) ?? UInt64.random(in: 1...999_999)
    private static let types = Catalogue.types.map(\.name).filter { !["email", "console", "file"].contains($0) }
    /// Statuses that ask for another attempt.
    private static let again: Set<Int> = [401, 403, 404, 407, 408, 409, 421, 423, 425, 429, 451]

    @Test func `no message is posted more than twice unless the response asks for it`() async throws {
        print("random answers: seed \(Self.seed), \(Self.count) for each of \(Self.types.count) types")
        for type in Self.types { try await play(type) }
    }

    private func play(_ type: String) async throws {
        let played = Played()
        let server = RawServer { connection, _ in
            guard let request = connection.request(), let answer = played.answer(to: request) else { return }
            connection.write(answer.bytes)
            // What is not closed at once stays silent for a moment.
            if answer.lingers { usleep(1_000_000) }
        }
        defer { server.stop() }
        let http = Rerouted(client: HTTPClient(), port: server.port)
        let channel = try channel(type, over: http)
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<Self.count {
                if number >= 64 { await group.next() }
                group.addTask { await self.deliver(number, type, channel, played) }
            }
        }
        print("random answers: \(type): \(played.summary)")
    }

    /// Sends one message until its verdict settles it or asks for more, as a lane does.
    private func deliver(_ number: Int, _ type: String, _ channel: any Channel, _ played: Played) async {
        let answer = RandomAnswer(seed: Self.seed &* 1_000_003 &+ UInt64(number))
        var message = Message.of(title: "message \(number) end")
        played.expect(number, answer)
        for attempt in 1...3 {
            do throws(DeliveryError) {
                _ = try await channel.deliver(message)
                return played.count("delivered")
            } catch {
                let place = "\(type), seed \(Self.seed), number \(number): \(error) for \(answer.bytes.prefix(300))"
                switch error.verdict {
                case .refused, .gone: return played.count(error.verdict == .gone ? "gone" : "refused")
                case .trimmings:
                    if message.isPlain { return played.count("refused") }
                    message.isPlain = true
                    #expect(attempt == 1, "\(place)")
                case .uncertain:
                    // The server closes a connection without a word, so a request on a kept one may find it closed and have no answer.
                    if played.posts(of: number) < attempt { return played.count("uncertain, on a closed connection") }
                    #expect(!answer.hasFinalHead, "\(place)")
                    return played.count("uncertain, without a head")
                case .retry, .throttled, .suspect, .unavailable, .doubtful, .vanished:
                    let asks = Self.again.contains(answer.status) || answer.status >= 500 || !answer.hasFinalHead || answer.saysMore
                    #expect(asks, "\(place)")
                    return played.count("asks for more")
                }
            }
        }
        Issue.record("\(type), seed \(Self.seed), number \(number): a third post")
    }
}

/// One random response.
private struct RandomAnswer: Sendable {
    var bytes: String
    var status: Int
    var hasFinalHead: Bool
    /// The body has a word that asks for another attempt.
    var saysMore: Bool
    var lingers: Bool

    private static let statuses = [
        200, 200, 200, 200, 201, 202, 204, 206, 299, 301, 400, 400, 401, 403, 404, 408, 409, 410, 413, 422, 429, 500, 502, 503, 504, 507,
        599, 999,
    ]
    private static let bodies = [
        "", "ok", "OK\n", "1", "{}", "[]", "null", "{\"ok\":true}", "{\"ok\":false,\"error\":\"invalid_blocks\"}", "{\"success\":true}",
        "{\"success\":false,\"error\":\"x\"}", "{\"result\":\"success\"}", "{\"id\":25}", "{\"id\":\"a\",\"error\":null}", "{\"status\":1}",
        "{\"status\":0}", "<!DOCTYPE html><title>Sign in</title>error", "an error occurred", "HTTP error 429", "HTTP error 500", "denied",
        "{\"error\":{\"code\":\"x\",\"message\":\"token expired\"}}", "{\"errcode\":\"M_TOO_LARGE\"}", "\u{0}\u{1}\u{2}", "{\"broken\":",
        "no errors",
        "{\"event_id\":\"$a\"}", "{\"code\":40041}", "{\"code\":50035}", "{\"retry_after\":1}", "{\"name\":\"spaces/A\"}",
    ]
    private static let encodings = ["", "", "", "", "gzip", "br", "utf-8", "identity", "deflate, gzip", "x"]

    init(seed: UInt64) {
        var chance = Chance(seed: seed)
        status = chance.pick(Self.statuses)
        var body = chance.pick(Self.bodies)
        if chance.happens(0.03) { body += String(repeating: "x", count: 100_000) }
        saysMore = body.contains("429") || body.contains("error 500") || (body.contains("\"error\":\"x\"")) || status == 503
        let encoding = chance.pick(Self.encodings)
        let length = chance.pick(["right", "right", "right", "long", "short", "none", "chunked", "chunked-cut"])
        let close = chance.pick(["after", "after", "after", "after", "head", "nothing", "early"])
        var head = "HTTP/1.1 \(status) \(chance.pick(["OK", "", "No way"]))\r\n"
        if chance.happens(0.1) { head = "HTTP/1.1 103 Early Hints\r\n\r\n" + head }
        if !encoding.isEmpty { head += "Content-Encoding: \(encoding)\r\n" }
        if chance.happens(0.2) { head += "Content-Type: \(chance.pick(["text/html", "application/json", "nonsense"]))\r\n" }
        if chance.happens(0.1) { head += "Retry-After: \(chance.pick(["1", "soon", "-5", "99999999999999999999"]))\r\n" }
        if chance.happens(0.1) { head += "X-Odd: \(String(repeating: "y", count: 3_000))\r\n" }
        switch length {
        case "right": head += "Content-Length: \(body.utf8.count)\r\n"
        case "long": head += "Content-Length: \(body.utf8.count + 50)\r\n"
        case "short": head += "Content-Length: \(max(0, body.utf8.count - 1))\r\n"
        case "chunked": body = "\(String(body.utf8.count, radix: 16))\r\n\(body)\r\n0\r\n\r\n"
        case "chunked-cut": body = "\(String(body.utf8.count + 9, radix: 16))\r\n\(body)"
        default: break
        }
        if length.hasPrefix("chunked") { head += "Transfer-Encoding: chunked\r\n" }
        switch close {
        case "nothing": (bytes, hasFinalHead) = ("", false)
        case "early": (bytes, hasFinalHead) = (String(head.prefix(12)), false)
        case "head": (bytes, hasFinalHead) = (head + "\r\n", true)
        default: (bytes, hasFinalHead) = (head + "\r\n" + body, true)
        }
        // libcurl reads no status of another form.
        lingers = chance.happens(0.02)
    }
}

/// What was expected and what came of it, by message.
private final class Played: Sendable {
    private let answers = Locked<[Int: RandomAnswer]>([:])
    private let counts = Locked<[String: Int]>([:])
    private let seen = Locked<[Int: Int]>([:])

    func expect(_ number: Int, _ answer: RandomAnswer) { answers.withLock { $0[number] = answer } }

    /// The response to a request, which names its message.
    func answer(to request: String) -> RandomAnswer? {
        let digits = request.replacing("+", with: " ").replacing("%20", with: " ").components(separatedBy: "message ").dropFirst()
            .compactMap {
                Int($0.prefix { $0.isNumber })
            }
        guard let number = digits.first else { return nil }
        seen.withLock { $0[number, default: 0] += 1 }
        return answers.withLock { $0[number] }
    }

    /// How often the server read the message of a number.
    func posts(of number: Int) -> Int { seen.withLock { $0[number] ?? 0 } }

    func count(_ word: String) { counts.withLock { $0[word, default: 0] += 1 } }

    var summary: String { counts.withLock { $0.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ") } }
}

/// Leads every request to one loopback server, whatever its host.
private struct Rerouted: HTTPTransport {
    let client: HTTPClient
    let port: Int

    func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse {
        var request = request
        let path = request.url.reveal().split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false).last.map(String.init) ?? ""
        request.url = Secret("http://127.0.0.1:\(port)/\(path)")
        request.timeout = .seconds(8)
        return try await client.send(request)
    }
}

extension Chance {
    fileprivate mutating func happens(_ share: Double) -> Bool { Double.random(in: 0..<1, using: &self) < share }
}
