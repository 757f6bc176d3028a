package import RelayCore

extension Event {
    /// True for approvals and their follow-ups, which are always told singly.
    package var isAboutApproval: Bool { kind == .approval || kind == .decision || kind == .reminder }

    /// The event never joins a window other than a digest's; quiet hours only delay it.
    package var isToldSingly: Bool { isAboutApproval || kind == .digest }
}
