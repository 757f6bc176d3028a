/// How much of a JSON text is built.
/// A node is a value of any kind; it needs up to 100 bytes of memory, however few bytes of text it has.
package struct JSONBounds: Sendable {
    /// The maximum nesting depth of arrays and objects.
    package var depth: Int
    package var nodes: Int
    /// The most bytes of one string.
    package var string: Int

    /// The bounds of one item of a list, and of every small document from outside.
    /// RevKeen's own responses are 5 deep.
    package static let item = JSONBounds(depth: 64, nodes: 20_000, string: 1_000_000)

    /// The bounds of a payload in the store, which holds what was within the bounds of an item.
    package static let stored = JSONBounds(depth: item.depth + 2, nodes: item.nodes + 100, string: 16_000_000)

    package init(depth: Int, nodes: Int, string: Int) {
        self.depth = depth
        self.nodes = nodes
        self.string = string
    }
}
