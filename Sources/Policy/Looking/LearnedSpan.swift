import RelaySupport

/// How long something takes, such as a run, learned from what was seen.
///
/// The logarithm of the length has a mean and a spread, so the length has a log-logistic distribution. Its tail is long, and its
/// distribution function is cheap to compute.
package struct LearnedSpan: Sendable, Equatable {
    /// The length that is expected before anything is known: half of all runs end within 30 s, and nine of ten between 1 s and 15 min.
    package static let unknown = LearnedSpan(count: 0, mean: logarithmOfHalf, square: 0)
    private static let logarithmOfHalf = 30.0.naturalLogarithm
    private static let unknownSpread = 2.0
    /// The expected length counts like this many observations.
    private static let priorWeight = 1.0
    /// More observations than this are not kept, so that the newest always count.
    private static let most = 20.0
    /// No length is known better than to a tenth.
    private static let leastSpread = 0.1
    /// The shortest length in seconds that is told from none.
    private static let shortest = 0.5

    package private(set) var count: Double
    /// The mean of the logarithm of the seconds.
    package private(set) var mean: Double
    /// The sum of the squared differences from the mean.
    package private(set) var square: Double

    package init(count: Double, mean: Double, square: Double) {
        let isReadable = count.isFinite && mean.isFinite && square.isFinite
        self.count = isReadable ? min(max(0, count), Self.most) : 0
        self.mean = isReadable ? min(max(mean, Self.shortest.naturalLogarithm), 20) : Self.logarithmOfHalf
        self.square = isReadable ? max(0, square) : 0
    }

    package mutating func saw(seconds: Double) {
        guard seconds.isFinite else { return }
        let value = min(max(Self.shortest, seconds), 1e8).naturalLogarithm
        if count >= Self.most {
            square *= (Self.most - 1) / count
            count = Self.most - 1
        }
        count += 1
        let step = value - mean
        mean += step / count
        square += step * (value - mean)
    }

    /// The distribution, given what is expected before anything is known.
    func shape(prior: LearnedSpan = .unknown) -> Shape {
        let weight = Self.priorWeight, known = count + weight
        let center = (count * mean + weight * prior.mean) / known
        let priorSpread = prior.count < 2 ? Self.unknownSpread : max(Self.leastSpread, (prior.square / prior.count).squareRoot())
        let off = count * weight / known * (mean - prior.mean) * (mean - prior.mean)
        // With two observations or more, what was expected is no part of the spread.
        let spread =
            count >= 2
            ? (square / count + priorSpread * priorSpread / (count * count)).squareRoot()
            : ((square + off + weight * priorSpread * priorSpread) / known).squareRoot()
        let middle = count >= 2 ? mean : center
        return Shape(median: middle.exponential, power: 1.813_799 / max(Self.leastSpread, spread))
    }

    /// A log-logistic distribution. The power is π/√3 over the spread of the logarithm.
    struct Shape: Sendable, Equatable {
        var median: Double
        var power: Double

        /// The probability that it took at most so many seconds.
        func ended(by seconds: Double) -> Double {
            guard seconds > 0 else { return 0 }
            return 1 / (1 + (median / seconds).raised(to: power))
        }

        /// The time by which it is over with a probability.
        func quantile(_ probability: Double) -> Double { median * (probability / (1 - probability)).raised(to: 1 / power) }

        /// The probability that it ended between two ages, if it had not ended at the first.
        func ends(from: Double, to: Double, isSure: Double = 1) -> Double {
            guard to > from else { return 0 }
            let before = ended(by: from), open = 1 - isSure * before
            return open > 1e-9 ? max(0, isSure * (ended(by: to) - before) / open) : 1
        }

        /// The waiting in seconds that is expected to have passed between two ages, from an end that was not there at the first.
        ///
        /// - Parameter isSure: the probability that there is an end at all.
        func waiting(from: Double, to: Double, isSure: Double = 1) -> Double {
            guard to > from else { return 0 }
            let before = ended(by: from)
            let open = 1 - isSure * before
            guard open > 1e-9 else { return to - from }
            // Simpson's rule with four steps.
            let step = (to - from) / 4
            let sum = 4 * ended(by: from + step) + 2 * ended(by: from + 2 * step) + 4 * ended(by: from + 3 * step) + ended(by: to) + before
            return max(0, isSure * (sum * step / 3 - before * (to - from)) / open)
        }
    }
}
