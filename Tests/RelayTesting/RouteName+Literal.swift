package import RelayCore

/// A text in a test is a route of the configuration.
extension RouteName: ExpressibleByStringLiteral {
    package init(stringLiteral name: String) { self = .configured(name) }
}
