import Glibc

/// Powers and logarithms for targets that import nothing of the system.
extension Double {
    /// The natural logarithm.
    package var naturalLogarithm: Double { log(self) }

    /// The number e to this power.
    package var exponential: Double { exp(self) }

    package func raised(to power: Double) -> Double { pow(self, power) }

    /// The share that is left after a time, if half goes in each half-life.
    package static func left(after time: Double, halfLife: Double) -> Double { exp2(-time / halfLife) }
}
