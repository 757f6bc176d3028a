package import RelayCore

/// Lets a test write a route's name as a string literal.
extension RouteName: ExpressibleByStringLiteral {
    package init(stringLiteral name: String) { self = .configured(name) }
}
