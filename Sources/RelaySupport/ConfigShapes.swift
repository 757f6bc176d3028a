/// What a reader asks of a configuration: the keys of each mapping, and the shapes that their values may have.
///
/// A reader that reads a file with every mapping in it fills this list by its own reads, so a schema made of it cannot say anything else
/// than the reader does.
package final class ConfigShapes: Sendable {
    package enum Shape: Hashable, Sendable {
        case text, secret, flag, duration
        case integer(ClosedRange<Int>)
        /// One word, or a list of words, of a closed set.
        case word([String])
        case words([String])
        /// A text, or a list of texts.
        case texts
        case mapping
        case mappings
        /// A mapping whose keys are names of the user's choice.
        case named
        /// It is read in a way of its own.
        case any
    }

    private struct State {
        var keys: [String: [String: Set<Shape>]] = [:]
        var missing: [String: Set<String>] = [:]
    }

    private let state = Locked(State())

    package init() {}

    /// The shapes of the keys of each mapping. A mapping is named by its path, with `*` for a name and `[]` for an entry of a list.
    package var keys: [String: [String: Set<Shape>]] { state.withLock { $0.keys } }
    /// The keys that were said to be missing, by mapping.
    package var missing: [String: Set<String>] { state.withLock { $0.missing } }

    func note(_ shape: Shape, _ key: String, in mapping: String) {
        state.withLock { _ = $0.keys[mapping, default: [:]][key, default: []].insert(shape) }
    }

    func noteMissing(_ key: String, in mapping: String) {
        state.withLock { _ = $0.missing[mapping, default: []].insert(key) }
    }
}
