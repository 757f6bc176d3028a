package import Dedup
package import RelayCore
import RelaySupport

/// Collects what an outage left: events older than the account's `catch_up` become one bundle for each destination.
package enum CatchUp {
    /// The shortest time that a window stays open.
    package static let shortest = Duration.seconds(60)
    /// A window closes when all accounts have read what the outage left, but no later than this.
    package static let longest = Duration.seconds(600)

    /// The windows that an admission joins instead of being owed: any open one of each destination, or a new one.
    /// The bundle's id contains the end of the minute after the present one.
    package static func joins(_ admission: Admission, at now: Timestamp) -> [WindowJoin] {
        let minute = now.seconds.dividedDown(by: 60)
        let held = admission.windows.filter { $0.kind != .digest }.map(\.destination)
        return Set(admission.owed.map(\.destination) + held).sorted().map { destination in
            WindowJoin(
                kind: .catchUp, destination: destination, opensAt: Timestamp(seconds: minute * 60),
                closesAt: Timestamp(seconds: (minute + 2) * 60), joinsAnyOpen: true)
        }
    }
}
