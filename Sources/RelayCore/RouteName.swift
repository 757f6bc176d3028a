/// The route by which a delivery came to be.
/// A route of the configuration file and a route of the relay's own are different values even where their words are the same.
package enum RouteName: Sendable, Hashable {
    /// A route of the configuration file, by its name.
    case configured(String)
    /// A digest's own `to`, by the digest's name.
    case digest(String)
    case builtIn(BuiltIn)

    /// A route that exists in every configuration.
    /// The raw values are shown to people and stored, and those of bundles are parts of event ids.
    package enum BuiltIn: String, Sendable, CaseIterable {
        /// An update or a decision goes to everyone who got the request.
        case update
        /// A destination stands in for another one that is down or closed.
        case fallback
        /// The relay reports on itself to `health_to`.
        case healthTo = "health_to"
        /// The bundle of what an outage left.
        case catchUp = "catch-up"
        /// The bundle of quiet hours.
        case quiet
        /// The bundle of collapsed events, or of what was above a ceiling.
        case storm
        /// The bundle of a mute.
        case mute
        /// A sample message, which is never stored.
        case sample
    }
}

extension RouteName: CustomStringConvertible {
    /// The route as people read it: `failures`, `digest daily`, `update`.
    /// It does not tell a built-in route from one that the configuration gave the same name.
    package var description: String {
        switch self {
        case .configured(let name): name
        case .digest(let name): "digest \(name)"
        case .builtIn(let route): route.rawValue
        }
    }
}
