import RelayCore
import RelaySupport
import RelayTesting
import RevKeen
import Testing
import Transport

struct AccountTests {
    struct Accepted: Sendable, CustomTestStringConvertible {
        var key: String
        var base: String?
        var url: String
        var isStaging: Bool
        var limit: Int?
        var testDescription: String { "\(key) \(base ?? "-")" }
    }

    @Test(arguments: [
        Accepted(key: "rk_live_a", base: nil, url: "https://api.revkeen.com/v2", isStaging: false, limit: 1000),
        Accepted(key: "rk_sandbox_a", base: nil, url: "https://staging-api.revkeen.com/v2", isStaging: true, limit: 100),
        Accepted(key: "rk_test_a", base: nil, url: "https://staging-api.revkeen.com/v2", isStaging: true, limit: 100),
        Accepted(
            key: "rk_live_a", base: "https://api.revkeen.com", url: "https://api.revkeen.com/v2", isStaging: false, limit: 1000),
        Accepted(
            key: "rk_live_a", base: "HTTPS://API.RevKeen.com/v2//", url: "https://api.revkeen.com/v2", isStaging: false, limit: 1000
        ),
        Accepted(
            key: "rk_sandbox_a", base: "https://sandbox-api.revkeen.com", url: "https://sandbox-api.revkeen.com/v2",
            isStaging: true, limit: 100),
        Accepted(
            key: "any", base: "https://mock-api.revkeen.com", url: "https://mock-api.revkeen.com/v2", isStaging: true, limit: nil),
        Accepted(key: "rk_live_a", base: "http://127.0.0.1:8080", url: "http://127.0.0.1:8080/v2", isStaging: false, limit: nil),
        Accepted(key: "x", base: "http://localhost:1/v2", url: "http://localhost:1/v2", isStaging: false, limit: nil),
        Accepted(key: "rk_sandbox_a", base: "http://[::1]:9", url: "http://[::1]:9/v2", isStaging: true, limit: nil),
        Accepted(
            key: "rk_live_a", base: "https://proxy.example.com/rk", url: "https://proxy.example.com/rk/v2", isStaging: false,
            limit: nil),
    ])
    func `an account knows its host`(row: Accepted) throws {
        let account = try account(key: row.key, baseURL: row.base)
        #expect(account.baseURL == row.url)
        #expect(account.isStaging == row.isStaging)
        #expect(account.hostLimit == row.limit)
    }

    @Test(arguments: [
        ("rk_live_a", "https://staging-api.revkeen.com/v2"), ("rk_live_a", "https://STAGING-api.revkeen.com.:443"),
        ("rk_live_a", "https://sandbox-api.revkeen.com"), ("rk_live_a", "https://mock-api.revkeen.com"),
        ("rk_sandbox_a", "https://api.revkeen.com/v2"), ("rk_test_a", "https://api.revkeen.com"),
        ("rk_live_a", "http://api.revkeen.com"), ("rk_live_a", "http://127.0.0.1.example.com"), ("rk_live_a", "http://10.0.0.1"),
        ("rk_live_a", "https://user:pw@api.revkeen.com"), ("rk_live_a", "https://api.revkeen.com/v2?a=b"),
        ("rk_live_a", "https://api.revkeen.com/v2#x"), ("rk_live_a", "ftp://api.revkeen.com"), ("rk_live_a", "api.revkeen.com"),
        ("rk_live_a", "https://"), ("rk_live_a", "https:///v2"), ("rk_live_a", "https://a b.com"),
        ("rk_live_a", "https://h/a/../v2"),
        ("rk_live_a", "https://h:99999"), ("rk_live_a", "https://h\\@evil.com"), ("rk_live_a", "http://127.0.0.1@evil.com"),
        ("rk_live_a", ""),
    ])
    func `a host that is not the key's own is refused`(key: String, base: String) throws {
        let fault = #expect(throws: AccountFault.self) { try account(key: key, baseURL: base) }
        #expect(fault?.field == .baseURL)
        #expect(fault?.text.contains(key) == false)
    }

    @Test(arguments: ["", "sk_other", "rk_live_\nx", "rk_live_ x", "rk_live_é"])
    func `a key that cannot be is refused without being shown`(key: String) throws {
        let fault = #expect(throws: AccountFault.self) { try account(key: key) }
        #expect(fault?.field == .key)
        #expect(key.isEmpty || "\(String(describing: fault))".contains(key) == false)
    }
}
