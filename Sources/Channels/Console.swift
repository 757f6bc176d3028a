package import RelayCore
import RelaySupport

/// Standard output, for first experiments and for pipes.
package enum Console {
    package static let type = ChannelType(
        name: "console",
        abilities: Abilities(limit: Limit(20_000, .codePoints)),
        dialect: dialect,
        titleLimit: Limit(300, .codePoints),
        read: { _, _ in ChannelPlan { ConsoleChannel(write: $0.write) } })

    /// A terminal executes control characters, so all of them are removed.
    package static let dialect = Dialect(name: "console", escape: { $0.repaired(most: .max) })
}

struct ConsoleChannel: Channel {
    let write: @Sendable (String) -> Bool

    func deliver(_ message: Message) async throws(DeliveryError) -> Receipt {
        let text = preview(message), write = write
        // The reader of the output may be slow.
        guard await BlockingCall.run({ write(text) }) else {
            throw DeliveryError(.retry(after: nil), .local, "the standard output takes nothing")
        }
        return Receipt()
    }

    /// The title is not indented and the body is, so that no body can look like another message.
    func preview(_ message: Message) -> String {
        var lines = [message.title.oneLine(most: .max)]
        lines += message.labelledBody.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map { "  " + String($0) }
        while lines.count > 1, lines[lines.count - 1].trimmed.isEmpty { lines.removeLast() }
        return lines.joined(separator: "\n") + "\n"
    }

    func connect() async -> [Finding] { [Finding(ok: true, "standard output")] }
}
