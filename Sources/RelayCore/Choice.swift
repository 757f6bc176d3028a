/// What a person can answer to an approval request.
package enum Choice: String, Sendable, Codable, CaseIterable { case approve, reject }
