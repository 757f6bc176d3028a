package import Dedup

extension Window {
    /// The kind and name as `status` and `why` show them.
    /// Programs read them, so mutes, catch-ups and ceilings keep the words that they had before they became kinds.
    package var shown: (kind: String, name: String) {
        switch kind {
        case .digest, .storm: (kind.rawValue, name)
        case .quiet: ("quiet", "quiet")
        case .mute: ("quiet", "mute/\(name)")
        case .catchUp: ("quiet", "catch-up")
        case .ceiling: ("storm", "ceiling")
        }
    }
}
