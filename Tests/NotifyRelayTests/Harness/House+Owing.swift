import Dedup
import RelayCore
import RelayTesting
import Testing

@testable import NotifyRelay

/// Deliveries that are owed without a look, and the lanes that deliver them.
extension House {
    /// Admits notifications with one owed delivery each. The id of each is `live/notification/NAME`.
    ///
    /// - Parameter due: when it is due, counted from now; negative is in the past.
    func owe(
        _ names: String..., priority: Priority = .normal, to destination: String = "ops", due: Duration = .zero, once: Bool = false
    ) async throws {
        for name in names {
            let id = Self.id(name)
            let event = Event(
                id: id, account: "live", kind: .notification, subject: id, priority: priority, occurredAt: clock.now, seenAt: clock.now,
                payload: Payload(detail: .notification(NotificationDetail(message: name))))
            let owed = PlannedDelivery(
                destination: destination, route: "all", priority: priority, dueAt: clock.now + due,
                options: DeliveryOptions(atMostOnce: once))
            _ = try await ledger.admit([Admission(event: event, owed: [owed])])
        }
    }

    static func id(_ name: String) -> String { "live/notification/\(name)" }

    /// The only delivery of an event that `owe` admitted.
    func delivery(_ name: String) async throws -> History.Delivery {
        try #require(try await ledger.history(Self.id(name)).deliveries.first)
    }

    func deliveries(_ names: String...) async throws -> [History.Delivery] {
        var deliveries: [History.Delivery] = []
        for name in names { deliveries.append(try await delivery(name)) }
        return deliveries
    }

    func lane(_ name: String = "ops") async throws -> Lane { try #require(await relay.laneRegistry.lane(name)) }

    /// Runs a lane beside the body, and stops it afterwards.
    func running(_ lane: Lane, _ body: () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await lane.run() }
            let outcome: Result<Void, any Error>
            do { outcome = .success(try await body()) } catch { outcome = .failure(error) }
            await lane.stop()
            group.cancelAll()
            try outcome.get()
        }
    }

    /// Moves the clock from one deadline of a running lane to the next, until the condition holds.
    func eventuallyInTime(of lane: Lane, _ condition: @Sendable () async throws -> Bool) async rethrows -> Bool {
        let end = ContinuousClock.now + .seconds(20)
        while ContinuousClock.now < end {
            if try await condition() { return true }
            if lane.wakeup.isWaitedFor, let next = clock.nextDeadline { clock.advance(by: max(.zero, clock.now.duration(to: next))) }
            await Task.yield()
        }
        return false
    }

    /// The record of a lane in the ledger; nil if there is none.
    func record(_ name: String = "ops") async throws -> LaneRecord? { try await ledger.lanes().first { $0.destination == name } }
}

extension ScriptedChannel {
    /// The names that were given to `owe`, in the order of delivery.
    var names: [String] { ids.map { String($0.split(separator: "/").last ?? "") } }

    /// When attempts began, in seconds since a moment.
    func times(since start: Timestamp) -> [Double] { attempts.map { start.duration(to: $0.at).inSeconds } }
}
