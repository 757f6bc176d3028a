package import Dedup
package import RelayCore

extension Mute {
    /// Whether the event is about an automation that the mute names, by a glob of the name or by the id.
    package func covers(_ event: Event) -> Bool {
        let origin = event.payload.origin
        return origin.automation.map { Glob(pattern: automation).matches($0) } ?? false || origin.automationID == automation
    }
}
