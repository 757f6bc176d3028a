package import RelayCore
package import RelaySupport

/// A message as JSON for programs: `webhook` posts it and `file` appends it. Its shape is a contract with receivers.
struct EventDocument {
    /// The largest document, 20 KB, as Standard Webhooks recommends.
    /// Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#payload-size
    static let mostBytes = 20_000
    /// The largest document for a receiver that refused a larger one.
    private static let mostPlainBytes = 6_000

    let message: Message

    private var most: Int { message.isPlain ? Self.mostPlainBytes : Self.mostBytes }

    /// The Standard Webhooks form: `{"type", "timestamp", "data"}`.
    var standard: [UInt8] {
        fitting { ["type": .string(kind), "timestamp": .string(time), "data": $0] }
    }

    /// CloudEvents 1.0 in structured mode. `source` and `id` together are the same on every attempt.
    /// Source: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
    var cloudEvent: [UInt8] {
        fitting { data in
            [
                "specversion": "1.0",
                "id": .string(message.event.id),
                "source": .string("/notify-relay/\(message.event.account ?? "relay")"),
                "type": .string("notify-relay.\(kind)"),
                "subject": .string(message.event.subject),
                "time": .string(time),
                "datacontenttype": "application/json",
                "data": data,
            ]
        }
    }

    fileprivate var whole: JSONValue { ["type": .string(kind), "timestamp": .string(time), "data": data] }

    private var kind: String { message.event.kind.rawValue }
    private var time: String { message.event.occurredAt.description }

    private var data: JSONValue {
        let event = message.event
        let origin = event.payload.origin
        let run: [String: JSONValue] = ["id": .text(origin.runID), "status": .text(origin.runStatus)]
        var fields = event.payload.detail.fields(at: event.occurredAt, message.links)
        if let decide = message.decideLink { fields["decide_link"] = .string(decide) }
        return [
            "id": .string(event.id),
            "account": .text(event.account),
            "priority": .string(event.priority.word),
            "title": .string(message.title),
            "text": .string(message.labelledBody),
            "link": .text(message.link),
            "automation": ["id": .text(origin.automationID), "name": .text(origin.automation), "risk": .text(origin.risk)],
            "run": .object(run),
            // `run` is both a common member and the detail of the kind `run`, so one object holds both.
            kind: .object(kind == "run" ? run.merging(fields) { $1 } : fields),
        ]
    }

    /// Wraps the data and shrinks it until the document fits: `payload` and `actions` are dropped first, then long texts and lists are cut.
    private func fitting(_ wrap: (JSONValue) -> JSONValue) -> [UInt8] {
        let whole = wrap(data).bytes
        if whole.count <= most { return whole }
        let lean = data.without(["payload", "actions"], in: kind).marked
        if case let bytes = wrap(lean).bytes, bytes.count <= most { return bytes }
        for (scalars, items) in [(4_000, 100), (2_000, 40), (500, 20), (100, 10)] {
            let cut = wrap(lean.capped(scalars: scalars, items: items)).bytes
            if cut.count <= most { return cut }
        }
        return wrap(lean.capped(scalars: 60, items: 0)).bytes
    }
}

extension Message {
    /// The document that `webhook` posts, uncut however long it is.
    package var document: JSONValue { EventDocument(message: self).whole }

    /// The body; in a sample the sentence that says so comes first.
    var labelledBody: String { (label.map { "\($0)\n" } ?? "") + body }
}

extension JSONValue {
    fileprivate var marked: JSONValue {
        guard case .object(var members) = self else { return self }
        members["cut"] = true
        return .object(members)
    }

    /// Replaces the named members of the object under `key` by null.
    fileprivate func without(_ names: [String], in key: String) -> JSONValue {
        guard case .object(var members) = self, case .object(var inner)? = members[key] else { return self }
        for name in names where inner[name] != nil { inner[name] = .null }
        members[key] = .object(inner)
        return .object(members)
    }

    /// Shortens texts and lists at every depth. Ids and links stay whole, or become null if longer than 2,000 bytes, because part of one is
    /// useless.
    fileprivate func capped(scalars: Int, items: Int, key: String = "") -> JSONValue {
        switch self {
        case .string(let text) where ["id", "run_id", "link", "decide_link"].contains(key): return text.utf8.count <= 2_000 ? self : .null
        case .string(let text):
            let view = text.unicodeScalars
            return view.count <= scalars ? self : .string(String(view.prefix(scalars)) + "…")
        case .array(let list): return .array(list.prefix(items).map { $0.capped(scalars: scalars, items: items) })
        case .object(let members):
            return .object(
                Dictionary(uniqueKeysWithValues: members.map { ($0, $1.capped(scalars: scalars, items: items, key: $0)) }))
        case .null, .bool, .number: return self
        }
    }
}
