package import RelayCore

/// The kinds of window that become a bundle, which is every kind except `digest`.
package enum BundleKind: Sendable {
    case quiet, mute, catchUp, storm, ceiling

    /// The route of the bundle's deliveries; its word is a part of the bundle's id.
    /// Bundles of storms and of ceilings share the word `storm`, because ids must never change.
    package var route: RouteName.BuiltIn {
        switch self {
        case .quiet: .quiet
        case .mute: .mute
        case .catchUp: .catchUp
        case .storm, .ceiling: .storm
        }
    }

    /// The name that the bundle shows to people and templates.
    package var name: String {
        switch self {
        case .ceiling: "ceiling"
        case .quiet, .mute, .catchUp, .storm: route.rawValue
        }
    }
}
