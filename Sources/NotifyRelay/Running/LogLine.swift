import Logging
import RelayCore
import RelaySupport

/// One line of the log before it is written.
struct LogLine: Sendable {
    /// Text is for a terminal, JSON for everything that collects logs.
    enum Form: Sendable { case text, json }

    var at: Timestamp
    var level: Logger.Level
    var message: String
    var metadata: [String: String] = [:]

    /// The line with its line end.
    func written(_ form: Form) -> String {
        switch form {
        case .text:
            let extra = metadata.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
            return "\(at) \(level.rawValue) \(message)\(extra)".oneLine(most: 4_000) + "\n"
        case .json:
            var members = metadata.mapValues(JSONValue.string)
            members["at"] = .string(at.description)
            members["level"] = .string(level.rawValue)
            members["message"] = .string(message)
            return JSONValue.object(members).text + "\n"
        }
    }
}
