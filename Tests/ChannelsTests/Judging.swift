import Channels
import RelayCore
import RelaySupport
import RelayTesting
import Testing
import Transport

/// The verdict of a channel on one response; nil if the message counts as delivered.
func verdict(
    of type: String, _ status: Int, _ body: String, headers: [(name: String, value: String)] = [], editing earlier: Receipt? = nil
) async throws -> DeliveryError.Verdict? {
    let values = try #require(configurations.first { $0.type == type }).values
    let http = ScriptedTransport(status: status, headers: headers, body: body)
    let channel = try channel(type, values, tools: tools(http: http))
    do throws(DeliveryError) {
        if let earlier { _ = try await channel.update(earlier, with: .of()) } else { _ = try await channel.deliver(.of()) }
        return nil
    } catch {
        #expect(error.status == status)
        return error.verdict
    }
}

/// The first request that a channel makes for a message.
func request(of type: String, _ message: Message, editing earlier: Receipt? = nil) async throws -> HTTPRequest {
    let values = try #require(configurations.first { $0.type == type }).values
    let response = try #require(accepted[type])
    let http = ScriptedTransport(status: response.status, body: response.body)
    let channel = try channel(type, values, tools: tools(http: http))
    if let earlier { _ = try await channel.update(earlier, with: message) } else { _ = try await channel.deliver(message) }
    return try #require(http.requests.first)
}

extension HTTPRequest {
    var json: JSONValue { (try? JSONValue(parsing: body ?? [])) ?? .null }

    func header(_ name: String) -> String? { headers.first { $0.name == name }?.value.reveal() }
}
