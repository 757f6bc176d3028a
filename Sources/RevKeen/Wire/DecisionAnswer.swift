import RelaySupport
import Transport

/// RevKeen's response to a decision: `{"data":{"approval_id","run_id","status"}}`.
enum DecisionAnswer {
    /// Whether a good response is RevKeen's own, and about this approval. A proxy or a login page in front of RevKeen answers 200 too. The word
    /// of `status` is documented nowhere, so it says nothing. An empty body is accepted, because a decision needs none.
    static func confirms(_ response: HTTPResponse, _ approval: String) -> Bool {
        if response.body.allSatisfy({ $0 == 0x20 || $0 == 0x0A || $0 == 0x0D || $0 == 0x09 }) { return true }
        guard let json = try? JSONValue(parsing: response.body), json.object != nil, json["error"] == nil || json["error"] == .null else {
            return false
        }
        let data = json["data"] ?? json
        guard data.object != nil else { return false }
        return (data["approval_id"] ?? data["id"])?.word.map { $0 == approval } ?? true
    }
}
