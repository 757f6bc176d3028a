import Channels
import Logging
import RelayCore
import RelaySupport

/// Receives the posts of chats when a button is pressed. A chat waits three seconds at most, and RevKeen may take longer. Then the response
/// tells the person that the answer is on its way, and the call to RevKeen goes on.
struct ChatHooks: Sendable {
    let presses: ButtonPresses
    /// The destinations of the configuration in force; a reload changes them.
    let destinations: @Sendable () async -> [Destination]
    let tools: ChannelTools
    let clock: any WallClock

    /// The longest post that is read, in bytes.
    private static let mostBody = 262_144

    /// `POST /hooks/slack`, for all destinations of one app. Slack gets its response when the press is recorded; the person gets the
    /// outcome later.
    func slack(_ request: PublicRequest) async -> PublicResponse {
        guard request.body.count <= Self.mostBody else { return .text(413, "too large") }
        var fitting: [(name: String, callback: SlackCallback)] = []
        for (name, callback) in await callbacks() {
            guard case .slack(let slack) = callback else { continue }
            do throws(CallbackError) {
                try slack.verify(
                    timestamp: request.header("x-slack-request-timestamp"), signature: request.header("x-slack-signature"),
                    body: request.body, now: clock.now)
                fitting.append((name, slack))
            } catch {
                continue
            }
        }
        guard let callback = fitting.first?.callback else { return .text(401, "the signature is not Slack's, or is not of now") }
        guard let press = try? SlackCallback.press(request.body) else { return PublicResponse(status: 200) }
        let names = fitting.map(\.name)
        if press.reason == nil, press.trigger != nil, let isNeeded = await presses.asksWhy(press, in: .slack, at: names) {
            // Slack has its response before the form is opened. If it cannot be, the press decides without a reason, where that is enough.
            Task {
                if await callback.ask(press, isNeeded: isNeeded, tools: tools) { return }
                let outcome = await presses.finish(await presses.write(press, in: .slack, at: names, address: request.address))
                await callback.answer(press, outcome.text.asSentence, tools: tools)
            }
            return PublicResponse(status: 200)
        }
        let outcome = await presses.write(press, in: .slack, at: names, address: request.address)
        // This is no child task of the request: Slack has its response before RevKeen is called.
        Task { await callback.answer(press, await presses.finish(outcome).text.asSentence, tools: tools) }
        return PublicResponse(status: 200)
    }

    /// `POST /hooks/mattermost/<destination>`.
    func mattermost(_ request: PublicRequest, at destination: String) async -> PublicResponse {
        guard request.body.count <= Self.mostBody else { return .text(413, "too large") }
        guard let callback = await callbacks().first(where: { $0.name == destination })?.callback, case .mattermost(let chat) = callback
        else { return .nothing }
        if let reason = MattermostCallback.reason(request.body) { return await mattermost(reason, at: destination, request) }
        guard let press = try? MattermostCallback.press(request.body) else { return .text(400, "this is no pressed button") }
        guard await presses.isOurs(press, at: [destination]) else {
            return .text(403, "the token is not one of this relay's")
        }
        if let (ticket, isNeeded) = await presses.ticket(for: press, in: .mattermost, at: destination),
            await chat.ask(press, url: ticket.url, state: ticket.text, isNeeded: isNeeded, tools: tools)
        {
            return json(MattermostCallback.nothing)
        }
        return json(MattermostCallback.answer(await inTime(press, .mattermost, [destination], request)))
    }

    /// A dialog was sent in which somebody says why they reject. It closes when that became an answer; else it says why not.
    private func mattermost(_ reason: MattermostCallback.Reason, at destination: String, _ request: PublicRequest) async -> PublicResponse {
        guard let ticket = ReasonTicket(reason.state, keys: presses.keys), ticket.user == reason.userID, ticket.destination == destination
        else { return .text(403, "this dialog is not one of this relay's") }
        let said = Locked<DecisionOutcome?>(nil)
        let text = await presses.inTime {
            let outcome = await presses.finish(await presses.write(ticket, reason: reason.text, in: .mattermost, address: request.address))
            said.withLock { $0 = outcome }
            return outcome
        }
        let isOver = said.withLock { $0?.isGood } ?? true
        return json(isOver ? MattermostCallback.nothing : MattermostCallback.error(text))
    }

    /// `POST /hooks/discord`.
    func discord(_ request: PublicRequest) async -> PublicResponse {
        guard request.body.count <= Self.mostBody else { return .text(413, "too large") }
        var names: [String] = []
        for (name, callback) in await callbacks() {
            guard case .discord(let discord) = callback else { continue }
            do throws(CallbackError) {
                try discord.verify(
                    timestamp: request.header("x-signature-timestamp"), signature: request.header("x-signature-ed25519"),
                    body: request.body, now: clock.now)
                names.append(name)
            } catch {
                continue
            }
        }
        guard !names.isEmpty else { return .text(401, "the signature is not Discord's, or is not of now") }
        switch try? DiscordCallback.read(request.body) {
        case nil: return .text(400, "this is no interaction")
        case .ping?: return json(DiscordCallback.pong)
        case .other?: return json(DiscordCallback.acknowledged)
        case .press(let press)?:
            if let isNeeded = await presses.asksWhy(press, in: .discord, at: names) {
                return json(DiscordCallback.ask(press.token, isNeeded: isNeeded))
            }
            return json(DiscordCallback.answer(await inTime(press, .discord, names, request)))
        case .reason(let press)?: return json(DiscordCallback.answer(await inTime(press, .discord, names, request)))
        }
    }

    private func callbacks() async -> [(name: String, callback: Callback)] {
        await destinations().compactMap { destination in destination.callback.map { (destination.name, $0) } }
    }

    private func inTime(_ press: Press, _ way: People.Way, _ names: [String], _ request: PublicRequest) async -> String {
        await presses.inTime { await presses.finish(await presses.write(press, in: way, at: names, address: request.address)) }
    }

    private func json(_ value: JSONValue) -> PublicResponse {
        PublicResponse(status: 200, headers: [("Content-Type", "application/json"), ("Cache-Control", "no-store")], body: value.bytes)
    }
}
