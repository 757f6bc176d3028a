import Foundation
import RelayCore
import RelaySupport

@testable import Rendering

/// The current time in every test of this folder: 2026-11-24T09:01:30Z.
let renderedAt = Timestamp(seconds: 1_795_510_890)

extension Event {
    /// An event as it comes from the ledger; a test sets only the values that matter to it.
    static func of(
        _ kind: Kind = .notification, _ priority: Priority = .high, detail: Detail? = nil, origin: Origin = .minimal, account: String? = "a"
    ) -> Event {
        Event(
            id: "a/\(kind.rawValue)/1", account: account, kind: kind, subject: "a/\(kind.rawValue)/1", priority: priority,
            occurredAt: renderedAt - .seconds(90), seenAt: renderedAt, payload: Payload(origin: origin, detail: detail ?? kind.minimal))
    }
}

extension Origin {
    /// An origin without any known value.
    static let minimal = Origin()
    static let full = Origin.saying("Nightly invoices")

    /// An origin whose texts are all the same.
    static func saying(_ text: String) -> Origin {
        Origin(
            staging: true, automation: text, automationID: text, risk: text, trigger: text, runID: text, runStatus: text)
    }
}

extension Event.Kind {
    /// The kind's detail with as few values as possible.
    var minimal: Detail {
        switch self {
        case .notification: .notification(NotificationDetail(message: ""))
        case .run: .run(RunDetail(outcome: .succeeded))
        case .approval, .reminder: .approval(ApprovalDetail(id: "1"))
        case .decision: .approval(ApprovalDetail(id: "1", state: .closed))
        case .digest: .digest(DigestDetail(name: "d", from: renderedAt, until: renderedAt, headline: "Nothing happened"))
        case .absence: .absence(AbsenceDetail(expected: .start, due: renderedAt, countedFrom: renderedAt - .seconds(600)))
        case .relay: .relay(RelayDetail(topic: "down", about: "ops", detail: "it is down"))
        }
    }

    /// The kind's detail with every field set, and the same text in each.
    func full(_ text: String) -> Detail {
        let earlier = renderedAt - .seconds(7_200)
        switch self {
        case .notification: return .notification(NotificationDetail(type: text, message: text, payload: [text: .string(text)]))
        case .run:
            return .run(RunDetail(outcome: .failed, summary: text, error: text, failedStep: text, milliseconds: 94_000))
        case .approval, .decision, .reminder:
            return .approval(
                ApprovalDetail(
                    id: text, version: 2, state: self == .decision ? .rejected : .open, action: text, actions: [text: .string(text)],
                    createdAt: earlier, actor: text, decidedAt: renderedAt, reason: text, step: 2, overdue: true))
        case .digest:
            let failure = DigestDetail.Failure.saying(text, from: earlier)
            let item = DigestDetail.Item(
                id: text, kind: .run, priority: .high, automation: text, message: text, occurredAt: earlier, runID: text)
            var digest = DigestDetail(name: text, from: earlier, until: renderedAt, headline: text, events: [item], catchUp: true)
            (digest.new, digest.still, digest.recovered) = ([failure], [failure], [failure])
            (digest.told, digest.rest, digest.succeeded, digest.resolved) = (4, 5, 6, text)
            digest.waiting = [
                DigestDetail.Waiting(account: text, id: text, automation: text, action: text, createdAt: earlier)
            ]
            digest.days = (1...14).map { DigestDetail.Day(date: "2026-11-\($0 + 10)", failed: $0 % 3) }
            return .digest(digest)
        case .absence:
            return .absence(
                AbsenceDetail(
                    expected: .start, due: renderedAt, countedFrom: renderedAt - .seconds(600), lastSeen: renderedAt - .seconds(900),
                    inARow: 3))
        case .relay: return .relay(RelayDetail(topic: text, about: text, detail: text, over: true))
        }
    }
}

extension TemplateSet.Request {
    /// - Parameter html: the dialect of the HTML part; nil for none.
    static func of(
        _ kind: Event.Kind = .notification, _ priority: Priority = .high, to destination: String = "ops", type: String = "webhook",
        dialect: Dialect = .plain, html: Dialect? = nil
    ) -> TemplateSet.Request {
        TemplateSet.Request(kind: kind, priority: priority, destination: destination, type: type, dialect: dialect, html: html)
    }

    /// A request as the mail channel makes it.
    static func mail(_ kind: Event.Kind = .notification, _ priority: Priority = .high) -> TemplateSet.Request {
        .of(kind, priority, type: "email", html: .html)
    }
}

extension TemplateSet {
    /// A user's templates by file name, without `.mustache`.
    static func of(
        _ files: [String: String], to destination: String = "ops", type: String = "webhook", _ problems: ProblemList = ProblemList()
    ) throws -> TemplateSet {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("templates-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for (name, text) in files { try Data(text.utf8).write(to: folder.appendingPathComponent("\(name).mustache")) }
        return TemplateSet(
            folder: folder.path, destinations: [destination: type], types: ["webhook", "email", "slack"], problems: problems)
    }

    func render(_ event: Event = .of(), _ request: Request = .of(), links: LinkPatterns = LinkPatterns()) -> Rendered {
        render(Fields(event: event, now: renderedAt, links: links, decideLink: nil), request)
    }
}

extension DigestDetail.Failure {
    fileprivate static func saying(_ text: String, from earlier: Timestamp) -> Self {
        var failure = DigestDetail.Failure(
            automation: text, count: 3, first: earlier, last: renderedAt, streak: 2, error: text, runID: text)
        (failure.account, failure.since, failure.before, failure.otherErrors, failure.runs) = (text, earlier, 1, 2, [text, text])
        failure.errors = [DigestDetail.Reason(text: text, count: 3)]
        return failure
    }
}
