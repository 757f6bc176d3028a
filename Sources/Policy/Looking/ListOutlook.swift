package import RelayCore

/// The expectations of one automation's list of runs, and the state of the looks at it.
package struct ListOutlook: Sendable, Equatable {
    /// A run that a list showed before it ended.
    package struct Running: Sendable, Equatable {
        package var id: String
        /// When it started, or when it was first seen.
        package var since: Timestamp

        package init(id: String, since: Timestamp) {
            self.id = id
            self.since = since
        }
    }

    /// A finished run that a list showed for the first time, or for the first time as finished.
    package struct Finished: Sendable, Equatable {
        /// Nil if it is not known when it started.
        package var started: Timestamp?
        package var ended: Timestamp

        package init(started: Timestamp?, ended: Timestamp) {
            self.started = started
            self.ended = ended
        }
    }

    /// What one look brought.
    package struct Sight: Sendable, Equatable {
        /// The runs that began since the last look, whether they have ended or not, by the time they started.
        package var begun: [Timestamp]
        package var finished: [Finished]
        /// The runs that go on, as far as the list shows them.
        package var running: [Running]

        package init(begun: [Timestamp] = [], finished: [Finished] = [], running: [Running] = []) {
            self.begun = begun
            self.finished = finished
            self.running = running
        }
    }

    /// Runs that no schedule explains.
    package var rate: LearnedRate
    /// From the start of a run to its end.
    package var duration: LearnedSpan
    /// From the moment that a schedule names to the end of its run.
    package var offset: LearnedSpan
    /// Notifications inside a run that goes on.
    package var inside: LearnedRate
    package var schedule: RunSchedule?
    /// Nil before the first look.
    package var lookedAt: Timestamp?
    package var running: [Running] = []
    /// A look is not made before this moment, because the last one failed.
    package var notBefore = Timestamp.distantPast

    package init(
        rate: LearnedRate = LearnedRate(), duration: LearnedSpan = .unknown, offset: LearnedSpan = .unknown,
        inside: LearnedRate = LearnedRate(), schedule: RunSchedule? = nil, lookedAt: Timestamp? = nil
    ) {
        self.rate = rate
        self.duration = duration
        self.offset = offset
        self.inside = inside
        self.schedule = schedule
        self.lookedAt = lookedAt
    }

    /// The most running runs that are reckoned with.
    private static let mostRunning = 20
    /// The probability that a schedule's run takes place.
    private static let takesPlace = 0.9

    /// What one account's lists have in common, in place of what is not known of a list.
    struct Prior: Sendable, Equatable {
        var rate = LearnedRate.unknown
        var inside = LearnedRate.unknown
        var duration = LearnedSpan.unknown
        var offset = LearnedSpan.unknown
    }

    /// What a look at a moment is expected to find.
    struct Expectation: Sendable, Equatable {
        /// The number of events.
        var events = 0.0
        /// The waiting of all of them until now, in event-seconds.
        var waiting = 0.0

        mutating func add(_ shape: LearnedSpan.Shape, from: Double, to: Double, isSure: Double = 1) {
            events += shape.ends(from: from, to: to, isSure: isSure)
            waiting += shape.waiting(from: from, to: to, isSure: isSure)
        }
    }

    /// The waiting, in event-seconds, that a look at a moment is expected to end. Infinite before the first look.
    func worth(at now: Timestamp, prior: Prior) -> Double { lookedAt == nil ? .infinity : expectation(at: now, prior: prior).waiting }

    func expectation(at now: Timestamp, prior: Prior) -> Expectation {
        var expected = Expectation()
        guard let lookedAt, lookedAt < now else { return expected }
        // A run that began after the last look has hardly ended yet if runs of this automation take long.
        let late = max(0, seconds(from: lookedAt, to: now) - shortest(prior))
        let rate = rate.rate(prior: prior.rate)
        expected = Expectation(events: rate * late, waiting: rate * late * late / 2)
        if !running.isEmpty {
            let shape = duration.shape(prior: prior.duration)
            for run in running {
                expected.add(shape, from: max(0, seconds(from: run.since, to: lookedAt)), to: max(0, seconds(from: run.since, to: now)))
            }
        }
        for start in schedule?.expected ?? [] where start < now {
            // A schedule's run takes as long as any other, as far as nothing else is known.
            let shape = offset.shape(prior: duration.count >= 3 ? duration : prior.offset)
            expected.add(
                shape, from: max(0, seconds(from: start, to: lookedAt)), to: seconds(from: start, to: now), isSure: Self.takesPlace)
        }
        return expected
    }

    /// A time in which hardly any run of this automation ends; 0 while that is not known, or if notifications come inside its runs.
    private func shortest(_ prior: Prior) -> Double {
        guard duration.count >= 3, inside.events < 0.5 else { return 0 }
        return duration.shape(prior: prior.duration).quantile(0.1)
    }

    /// Takes in what a good look brought.
    mutating func looked(at now: Timestamp, _ sight: Sight) {
        for run in sight.finished {
            if let started = run.started { duration.saw(seconds: seconds(from: started, to: run.ended)) }
        }
        var unexplained = sight.begun
        schedule?.pass(to: now)
        if let (start, index) = schedule?.close(by: unexplained) {
            let began = unexplained.remove(at: index)
            // A run that goes on is expected to end by its own duration, which is known better.
            if let run = sight.finished.first(where: { $0.started == began }) { offset.saw(seconds: seconds(from: start, to: run.ended)) }
        }
        // The first look shows what happened before anybody looked.
        if let lookedAt { rate.saw(unexplained.count, in: seconds(from: lookedAt, to: now)) }
        running = Array(sight.running.prefix(Self.mostRunning))
        lookedAt = now
        notBefore = .distantPast
    }

    mutating func shift(by difference: Duration) {
        lookedAt?.shift(by: difference)
        notBefore.shift(by: difference)
    }

    private func seconds(from: Timestamp, to: Timestamp) -> Double { Double(to.milliseconds - from.milliseconds) / 1_000 }
}
