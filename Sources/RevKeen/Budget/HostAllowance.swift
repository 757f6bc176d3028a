import RelayCore

/// How many requests the host still allows, by its `X-RateLimit-Remaining`.
///
/// The answers that tell it come late and out of order, so what entered since is taken off. Between two answers it grows as the stated limit
/// lets it grow, up to the most that the host ever told. The end of the host's window is not waited for: the next answer says what is left.
struct HostAllowance: Equatable {
    /// So many are kept for decisions and approvals, if the host allows so many.
    private static let reserve = 2.0
    /// How long to wait for one more if the host states no limit.
    private static let unknownPace = 1.0

    /// Nil until the host tells it.
    private var left: Double?
    private var most = 0.0
    private var teller = 0
    private var toldAt = Duration.zero
    /// Seconds until the host allows one more.
    private var pace = unknownPace

    /// - Parameters:
    ///   - request: the number of the request that was answered.
    ///   - newest: the number of the newest request that entered.
    mutating func told(_ remaining: Int, by request: Int, newest: Int, perMinute: Int?, now: Duration) {
        guard remaining >= 0, request >= teller else { return }
        teller = request
        most = max(most, Double(remaining))
        left = Double(remaining - max(0, newest - request))
        toldAt = now
        pace = perMinute.map { 60 / Double(max(1, $0)) } ?? Self.unknownPace
    }

    var isTold: Bool { left != nil }

    mutating func entered() { left? -= 1 }

    /// How long to wait before so many requests may enter; nil if they may enter now.
    func wait(for count: Int, isUrgent: Bool, at now: Duration) -> Duration? {
        guard let left else { return nil }
        // A host that allows only a few keeps nothing back.
        let kept = isUrgent ? 0 : min(Self.reserve, (most / 8).rounded(.down))
        let needed = min(Double(count), max(1, most - kept)) + kept
        // Also a host that always tells zero is asked again after its pace.
        let missing = needed - min(max(most, 1), left + (now - toldAt).inSeconds / pace)
        return missing > 1e-9 ? .seconds(min(missing * pace, 60)) : nil
    }
}
