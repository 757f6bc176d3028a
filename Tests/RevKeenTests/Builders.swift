import RelayCore
import RelaySupport
import RelayTesting
import RevKeen
import Transport

/// A test key that is long enough that even half of it would be recognised in a text.
let testKey = "rk_sandbox_4f9dTESTKEY77aa01"

func account(
    key: String = testKey, baseURL: String? = nil, name: String = "live", network: NetworkOptions = NetworkOptions()
) throws(AccountFault) -> RevKeenAccount {
    try RevKeenAccount.make(name: name, key: Secret(key), baseURL: baseURL, network: network).get()
}

func client(
    _ transport: ScriptedTransport, key: String = testKey, baseURL: String? = nil, setting: RequestBudget.Setting = .none,
    clock: ManualClock = ManualClock()
) throws -> RevKeenClient {
    let account = try account(key: key, baseURL: baseURL)
    let budget = RequestBudget(setting: setting, hostLimit: account.hostLimit, clock: clock)
    return RevKeenClient(account: account, transport: transport, budget: budget, clock: clock, release: "7.1")
}

/// A client whose every request gets the same response.
func client(status: Int = 200, headers: [(name: String, value: String)] = [], body: String = "") throws -> RevKeenClient {
    try client(ScriptedTransport(status: status, headers: headers, body: body))
}

func json(_ text: String) throws -> JSONValue { try JSONValue(parsing: Array(text.utf8)) }

func approval(_ text: String = "{}") throws -> Approval {
    guard case .object(var members) = try json(text) else { throw NotAnObject() }
    members["id"] = members["id"] ?? "a1"
    guard let approval = try Approval(WireFields(.object(members))) else { throw NotAnObject() }
    return approval
}

func run(_ text: String = "{}") throws -> Run {
    guard case .object(var members) = try json(text) else { throw NotAnObject() }
    members["id"] = members["id"] ?? "r1"
    guard let run = try Run(WireFields(.object(members))) else { throw NotAnObject() }
    return run
}

struct NotAnObject: Error {}

/// Runs a call that must fail and returns its error.
func failure(_ body: () async throws(RevKeenError) -> some Any) async -> RevKeenError? {
    do throws(RevKeenError) {
        _ = try await body()
        return nil
    } catch {
        return error
    }
}

/// Enters and leaves `count` times, so that it never waits for a place.
func spend(_ count: Int, of budget: RequestBudget, _ urgency: RequestBudget.Urgency = .rest) async throws {
    for _ in 0..<count {
        try await budget.enter(urgency)
        budget.leave()
    }
}
