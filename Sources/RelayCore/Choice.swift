/// What a person can answer to an approval request.
package enum Choice: String, Sendable, CaseIterable { case approve, reject }
