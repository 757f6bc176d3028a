import RelayCore
import RelaySupport
import Transport

/// A RevKeen whose runs and approvals are known beforehand. It shows at each moment what has happened by then, newest first, and pages.
final class SimulatedRevKeen: Sendable {
    struct Run: Sendable {
        var started: Timestamp
        var ended: Timestamp
        var failed = false
    }

    struct Automation: Sendable {
        var cron: String?
        /// Oldest first.
        var runs: [Run]
    }

    let automations: [Automation]
    /// When approvals are requested, oldest first. Each is approved ten minutes later.
    let approvals: [Timestamp]
    let limitPerMinute: Int?
    private static let decidedAfter = Duration.seconds(600)
    private let clock: any WallClock
    private let runIndex: [String: (automation: Int, run: Int)]

    init(_ automations: [Automation], approvals: [Timestamp] = [], limitPerMinute: Int? = nil, clock: any WallClock) {
        self.automations = automations
        self.approvals = approvals
        self.limitPerMinute = limitPerMinute
        self.clock = clock
        var index: [String: (automation: Int, run: Int)] = [:]
        for (number, automation) in automations.enumerated() {
            for run in automation.runs.indices { index["r\(number)-\(run)"] = (number, run) }
        }
        runIndex = index
    }

    func answer(_ ask: WorldTransport.Ask) -> HTTPResponse {
        let parts = ask.path.split(separator: "/").map(String.init)
        let query = Query(ask.query)
        switch parts.count {
        case 1: return list(automations.indices.map(row(automation:)), query)
        case 2 where parts[1] == "approvals": return list(approvalRows(query), query)
        case 3: return list(runs(of: parts[1], query), Query("limit=100"))
        case 4: return detail(parts[3])
        default: return HTTPResponse(status: 404, headers: headers, body: [])
        }
    }

    private struct Query {
        var values: [String: String] = [:]

        init(_ text: String) {
            for pair in text.split(separator: "&") {
                let halves = pair.split(separator: "=", maxSplits: 1).map(String.init)
                values[halves[0]] = halves.count > 1 ? halves[1] : ""
            }
        }

        var limit: Int { values["limit"].flatMap { Int($0) } ?? 25 }
        var offset: Int { values["offset"].flatMap { Int($0) } ?? 0 }
    }

    private var headers: [(name: String, value: String)] {
        limitPerMinute.map { [("x-ratelimit-limit", String($0))] } ?? []
    }

    private func list(_ rows: [String], _ query: Query) -> HTTPResponse {
        let shown = rows.dropFirst(query.offset).prefix(query.limit)
        return HTTPResponse(
            status: 200, headers: headers, body: Array(#"{"object":"list","data":[\#(shown.joined(separator: ","))]}"#.utf8))
    }

    private func row(automation number: Int) -> String {
        let cron = automations[number].cron.map { #","cron_expression":"\#($0)","timezone":"UTC""# } ?? ""
        return #"{"id":"a\#(number)","name":"Automation \#(number)","status":"active"\#(cron)}"#
    }

    private func approvalRows(_ query: Query) -> [String] {
        let now = clock.now, wanted = query.values["status"]
        return approvals.enumerated().reversed().compactMap { number, moment in
            guard moment <= now else { return nil }
            let decided = moment + Self.decidedAfter, isOpen = now < decided
            guard wanted == nil || (wanted == "pending") == isOpen else { return nil }
            let approved = isOpen ? "" : #","approved_at":"\#(Self.text(decided))","approved_by_user_id":"ann""#
            return #"""
                {"id":"p\#(number)","automation_id":"a0","status":"\#(isOpen ? "pending" : "approved")",\#
                "action_summary":"Refund \#(number)","created_at":"\#(Self.text(moment))"\#(approved)}
                """#
        }
    }

    private func runs(of id: String, _ query: Query) -> [String] {
        guard let number = Int(id.dropFirst()), automations.indices.contains(number) else { return [] }
        let now = clock.now, runs = automations[number].runs
        // The runs are in order, so those that have started are found by halving.
        var low = 0, high = runs.count
        while low < high {
            let middle = (low + high) / 2
            if runs[middle].started <= now { low = middle + 1 } else { high = middle }
        }
        let last = low - 1 - query.offset
        guard last >= 0 else { return [] }
        return stride(from: last, through: max(0, last - query.limit + 1), by: -1).map { row(run: $0, of: number, now) }
    }

    private func row(run index: Int, of number: Int, _ now: Timestamp) -> String {
        let run = automations[number].runs[index], isOver = run.ended <= now
        let status = !isOver ? "running" : run.failed ? "failed" : "succeeded"
        let end = isOver ? #""\#(Self.text(run.ended))""# : "null"
        return """
            {"id":"r\(number)-\(index)","automation_id":"a\(number)","status":"\(status)","created_at":"\(Self.text(run.started))",\
            "started_at":"\(Self.text(run.started))","completed_at":\(end)}
            """
    }

    /// A moment to the millisecond.
    private static func text(_ moment: Timestamp) -> String {
        let fraction = 1_000 + moment.milliseconds % 1_000
        return "\(Timestamp(seconds: moment.seconds).description.dropLast()).\(String(fraction).dropFirst())Z"
    }

    private func detail(_ id: String) -> HTTPResponse {
        guard let (number, run) = runIndex[id] else { return HTTPResponse(status: 404, headers: headers, body: []) }
        return HTTPResponse(status: 200, headers: headers, body: Array(row(run: run, of: number, clock.now).utf8))
    }
}
