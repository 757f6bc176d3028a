import Foundation
import RelayCore
import RelaySupport
import Sandbox
import Testing
import Transport

@testable import NotifyRelay

/// All that fifty people need to decide one approval at the same moment, each in their own way.
struct RaceWays: Sendable {
    static let people = 50

    /// A form that one person has open.
    struct Ballot: Sendable {
        var url: String
        var person: String
        var cookie: String
        var body: String

        func post(_ client: HTTPClient) async {
            let headers = [
                ("X-Who", "\(person)@example.com"), ("Cookie", cookie), ("Content-Type", "application/x-www-form-urlencoded"),
            ]
            _ = try? await client.send(
                HTTPRequest("POST", Secret(url), headers: headers.map { (name: $0.0, value: Secret($0.1)) }, body: Array(body.utf8)))
        }
    }

    var ballots: [Ballot] = []
    var commands: [[String]] = []
    /// The people who press the button in the chat, by their ids there.
    var chatters: [Int] = []
    /// What the chat's button to approve carries.
    var button = ""

    /// The entries of `people:`.
    static let configuration = (0..<people).map { "p\($0): {email: p\($0)@example.com, telegram: \"\(1_000 + $0)\"}" }.joined(
        separator: ", ")

    init() {}

    /// Opens the pages: the link for 18 people, the desk's page for 14 and its list for 8. 7 press the button, and 3 use the command line.
    init(_ approval: String, address: String, link: String, button: String, client: HTTPClient) async throws {
        self.button = button
        chatters = (40..<47).map { 1_000 + $0 }
        commands = [["approve", approval], ["reject", approval, "--reason", "No"], ["approve", approval]].map { ["approvals"] + $0 }
        for number in 0..<40 {
            let url = number < 18 ? link : number < 32 ? "\(address)/approvals/a/\(approval)" : "\(address)/approvals"
            ballots.append(try await Self.ballot(url, approval, number, client))
        }
    }

    /// What each of the people does.
    var acts: [Act] { ballots.map { .post($0) } + chatters.map { .press(button, user: $0) } + commands.map { .command($0) } }

    enum Act: Sendable {
        case post(Ballot)
        case press(String, user: Int)
        case command([String])

        /// - Parameter begun: gets the processes of the commands. Waiting for them here would take a thread from everybody else.
        func take(_ client: HTTPClient, _ inbox: Inbox, _ folder: URL, begun: Locked<[RelayProcess]>) async throws {
            switch self {
            case .post(let ballot): await ballot.post(client)
            case .press(let token, let user): await inbox.press(telegram: token, user: user, name: "Somebody")
            case .command(let arguments):
                let process = try RelayProcess(arguments + ["--config", "relay.yaml"], in: folder)
                begun.withLock { $0.append(process) }
            }
        }
    }

    private static func ballot(_ url: String, _ approval: String, _ number: Int, _ client: HTTPClient) async throws -> Ballot {
        let person = "p\(number)"
        let headers = [(name: "X-Who", value: Secret("\(person)@example.com"))]
        let page = try await client.send(HTTPRequest("GET", Secret(url), headers: headers))
        let html = String(decoding: page.body, as: UTF8.self)
        let cookie = page.headers.filter { $0.name.lowercased() == "set-cookie" }.map { String($0.value.prefix { $0 != ";" }) }
        let picks = html.matches(of: /name="pick" value="([^"]*)"/).compactMap { Pick(text: String($0.1)) }
        let pick = picks.first { $0.approval == approval }.map { "pick=\($0.text)&" } ?? ""
        let seen = html.hidden("seen").map { "seen=\($0)&" } ?? ""
        try #require(pick.isEmpty != seen.isEmpty, "no form for \(person) at \(url): \(html.suffix(2_000))")
        let csrf = try #require(html.lastHidden("csrf"))
        return Ballot(
            url: url, person: person, cookie: cookie.joined(separator: "; "),
            body: "\(pick)\(seen)csrf=\(csrf)&reason=&verdict=\(number % 2 == 0 ? "approve" : "reject")")
    }
}

extension Inbox {
    /// What a button of the last message about a request carries; nil if it is the one that is known already.
    ///
    /// - Parameter letter: what the choice's tokens begin with: `a` or `r`.
    func button(_ letter: Character, to action: String, at kind: InboxMessage.Kind, unlike known: String) -> String? {
        guard let rows = messages(kind: kind).last(where: { $0.words.contains(action) })?.json?["reply_markup"]?["inline_keyboard"]?.array
        else { return nil }
        let tokens = rows.flatMap { $0.array ?? [] }.compactMap { $0["callback_data"]?.string }
        return tokens.first { $0.first == letter && $0 != known }
    }
}
