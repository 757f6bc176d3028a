/// A family of metrics: what all its series have in common. `docs/metrics.md` is made of these.
struct MetricFamily: Sendable, Equatable {
    enum Kind: String, Sendable { case counter, gauge, histogram }

    /// The whole name.
    var name: String
    var kind: Kind
    /// The names of the labels, in order.
    var labels: [String]
    var help: String
    /// It is read from the store, and left out while the store cannot be read.
    var isOfStore = false

    private init(_ name: String, _ kind: Kind, _ labels: [String] = [], isOfStore: Bool = false, isOfProcess: Bool = false, _ help: String)
    {
        self.name = isOfProcess ? "process_\(name)" : "notify_relay_\(name)"
        self.kind = kind
        self.labels = labels
        self.help = help
        self.isOfStore = isOfStore
    }
}

extension MetricFamily {
    static let build = MetricFamily("build_info", .gauge, ["version", "schema"], "1, with the version of the program and of its store.")
    static let admitted = MetricFamily("events_admitted_total", .counter, ["account", "kind"], "Events admitted, by account and kind.")
    static let deliveries = MetricFamily(
        "deliveries_total", .counter, ["destination", "outcome", "reason"], "Attempts to deliver, by how they ended.")
    static let deliverySeconds = MetricFamily("delivery_seconds", .histogram, ["destination"], "How long an attempt took.")
    static let owed = MetricFamily("owed", .gauge, ["destination"], isOfStore: true, "Deliveries owed.")
    static let dead = MetricFamily("dead", .gauge, ["destination"], isOfStore: true, "Dead deliveries that were not retried or dropped.")
    static let oldestOwed = MetricFamily(
        "oldest_owed_seconds", .gauge, ["destination"], isOfStore: true, "Age of the oldest delivery owed; 0 if none is.")
    static let held = MetricFamily(
        "held", .gauge, ["destination", "kind"], isOfStore: true,
        "Deliveries and events that wait for a retry, a pause, or the end of a window.")
    static let gathered = MetricFamily("digest_gathered", .gauge, ["digest"], isOfStore: true, "Events that wait in a digest.")
    static let nextDigest = MetricFamily("next_digest_timestamp_seconds", .gauge, ["digest"], "When a digest closes next.")
    static let laneOpen = MetricFamily("lane_open", .gauge, ["destination"], "1 while the lane is open, 0 while it is down or closed.")
    static let laneState = MetricFamily(
        "lane_state", .gauge, ["destination", "state"], "1 for the state that the lane is in, else 0.")
    static let approvalsOpen = MetricFamily("approvals_open", .gauge, ["account"], isOfStore: true, "Approvals that wait for a decision.")
    static let oldestApproval = MetricFamily(
        "approval_oldest_seconds", .gauge, ["account"], isOfStore: true, "Age of the oldest approval that waits; 0 if none does.")
    static let decisions = MetricFamily(
        "decisions_total", .counter, ["via", "verdict"], "Decisions seen, by the way in; `revkeen` is a decision that was made elsewhere.")
    static let decisionSeconds = MetricFamily("decision_seconds", .histogram, ["via"], "From the request for an approval to its decision.")
    static let feedAge = MetricFamily("feed_age_seconds", .gauge, ["account", "feed"], "Since the feed was last read well.")
    static let feedSaturated = MetricFamily(
        "feed_saturated", .gauge, ["account", "feed"], "1 while a list is full, so that older items may not be seen.")
    static let gaps = MetricFamily("gaps", .gauge, ["account", "feed"], "Lists of which a part was not read yet.")
    static let absences = MetricFamily(
        "absences_open", .gauge, ["account"], "What is expected of automations, is due, and has not happened.")
    static let seenDelay = MetricFamily(
        "seen_delay_seconds", .histogram, ["account", "kind"], "From a thing's own time until it was seen.")
    static let requests = MetricFamily(
        "requests_total", .counter, ["account", "feed", "result"], "Requests to RevKeen, by feed and by how they ended.")
    static let pollFailures = MetricFamily(
        "poll_failures_total", .counter, ["account", "reason"], "Requests to RevKeen that brought no answer to use.")
    static let budget = MetricFamily(
        "budget_per_minute", .gauge, ["account"], "Requests a minute that the account may make; +Inf is without limit.")
    static let storeReadable = MetricFamily("store_readable", .gauge, [], "1 if the store could be read for this page, 0 if not.")
    static let storeBytes = MetricFamily(
        "store_bytes", .gauge, ["part"], isOfStore: true, "Size of the store: what it holds, what is free in its file, and its log.")
    static let leader = MetricFamily(
        "leader", .gauge, [], "1 while this relay leads: it reads, sends and decides. 0 while it stands by.")
    static let leaderEpoch = MetricFamily(
        "leader_epoch", .gauge, [], "The number of the present reign, which each take-over counts up, as this relay knows it.")
    static let reloadSuccess = MetricFamily(
        "config_reload_success", .gauge, [], "1 if the last reading of the configuration was taken over, 0 if the old one stays.")
    static let reloadedAt = MetricFamily("config_reload_timestamp_seconds", .gauge, [], "When the configuration that runs was read.")
    static let logDropped = MetricFamily(
        "log_dropped_total", .counter, [], "Lines of the log that nobody read in time, or that could not be written.")
    static let processCPU = MetricFamily(
        "cpu_seconds_total", .counter, isOfProcess: true, "Processor time of the program, user and system.")
    static let processResident = MetricFamily("resident_memory_bytes", .gauge, isOfProcess: true, "Resident memory.")
    static let processVirtual = MetricFamily("virtual_memory_bytes", .gauge, isOfProcess: true, "Virtual memory.")
    static let processFiles = MetricFamily("open_fds", .gauge, isOfProcess: true, "Open file descriptors.")
    static let processMostFiles = MetricFamily("max_fds", .gauge, isOfProcess: true, "The most file descriptors that may be open.")
    static let processStart = MetricFamily("start_time_seconds", .gauge, isOfProcess: true, "When the program started.")

    /// All families, in the order in which they are written.
    static let all: [MetricFamily] = [
        build, admitted, deliveries, deliverySeconds, owed, dead, oldestOwed, held, gathered, nextDigest, laneOpen, laneState,
        approvalsOpen,
        oldestApproval, decisions, decisionSeconds, feedAge, feedSaturated, gaps, absences, seenDelay, requests, pollFailures, budget,
        storeReadable,
        storeBytes,
        leader, leaderEpoch, reloadSuccess, reloadedAt, logDropped, processCPU, processResident, processVirtual, processFiles,
        processMostFiles, processStart,
    ]
}
