import RelayCore
import RelaySupport

/// Finds what Slack would refuse in a message to an incoming webhook.
/// Source: https://docs.slack.dev/reference/block-kit/blocks
enum SlackCheck {
    private static let mostBlocks = 50
    /// The maximum length of all texts in all blocks together.
    /// Source: https://github.com/slackapi/bolt-js/issues/2509
    private static let mostInAll = 13_200

    /// Slack's error word for the first problem; nil if there is none.
    static func problem(in body: [UInt8]) -> String? {
        guard let message = try? JSONValue(parsing: body), message.object != nil else { return "invalid_payload" }
        let attachments = message["attachments"]?.array ?? []
        if attachments.count > 100 { return "too_many_attachments" }
        guard let blocks = message["blocks"] else {
            return attachments.isEmpty && (message["text"]?.string ?? "").isEmpty ? "no_text" : firstProblem(in: attachments)
        }
        guard let blocks = blocks.array, blocks.count <= mostBlocks, blocks.allSatisfy(isValid) else { return "invalid_blocks" }
        if blocks.reduce(0, { $0 + size(of: $1) }) > mostInAll { return "msg_blocks_too_long" }
        return firstProblem(in: attachments)
    }

    private static func firstProblem(in attachments: [JSONValue]) -> String? {
        attachments.allSatisfy { ($0["blocks"]?.array ?? []).allSatisfy(isValid) } ? nil : "invalid_blocks"
    }

    private static func isValid(_ block: JSONValue) -> Bool {
        guard fits(block["block_id"]?.string, 255) else { return false }
        return switch block["type"]?.string {
        case "section": isSection(block)
        case "header": block["text"]?["type"]?.string == "plain_text" && isText(block["text"], most: 150)
        case "context": elements(of: block, most: 10).map { $0.allSatisfy { isImage($0) || isText($0, most: 3_000) } } ?? false
        case "actions": elements(of: block, most: 25).map { $0.allSatisfy(isAction) } ?? false
        case "image": isImage(block)
        case "divider", "rich_text", "markdown", "video", "file", "input", "table": true
        default: false
        }
    }

    private static func isSection(_ block: JSONValue) -> Bool {
        let fields = block["fields"]?.array
        guard block["text"] != nil || fields != nil else { return false }
        guard block["text"] == nil || isText(block["text"], most: 3_000) else { return false }
        guard let fields else { return true }
        return (1...10).contains(fields.count) && fields.allSatisfy { isText($0, most: 2_000) }
    }

    private static func elements(of block: JSONValue, most: Int) -> [JSONValue]? {
        guard let elements = block["elements"]?.array, (1...most).contains(elements.count) else { return nil }
        return elements
    }

    private static func isText(_ text: JSONValue?, most: Int) -> Bool {
        guard let text, ["plain_text", "mrkdwn"].contains(text["type"]?.string ?? ""), let words = text["text"]?.string else {
            return false
        }
        return !words.isEmpty && fits(words, most)
    }

    private static func isAction(_ element: JSONValue) -> Bool {
        guard element["type"]?.string == "button" else { return element["type"] != nil }
        return element["text"]?["type"]?.string == "plain_text" && isText(element["text"], most: 75)
            && fits(element["value"]?.string, 2_000) && fits(element["url"]?.string, 3_000)
            && fits(element["action_id"]?.string, 255)
    }

    private static func isImage(_ image: JSONValue) -> Bool {
        image["type"]?.string == "image" && image["alt_text"]?.string != nil && fits(image["image_url"]?.string, 3_000)
    }

    /// Whether a text fits a length in UTF-16 units, as JavaScript counts.
    private static func fits(_ text: String?, _ most: Int) -> Bool { (text?.utf16.count ?? 0) <= most }

    private static func size(of value: JSONValue) -> Int {
        switch value {
        case .object(let members):
            members.reduce(0) { $0 + ($1.key == "text" ? $1.value.string?.utf16.count ?? size(of: $1.value) : size(of: $1.value)) }
        case .array(let items): items.reduce(0) { $0 + size(of: $1) }
        case .null, .bool, .number, .string: 0
        }
    }
}
