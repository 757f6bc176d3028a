import RelayCore
import Testing

func moment(_ text: String) throws -> Timestamp { try #require(Timestamp(text: text)) }

/// Random numbers that are the same in every run (SplitMix64).
struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// Zones with every unusual clock change: one of half an hour, one at midnight, a skipped day, and none at all.
let oddZones = [
    "UTC", "Europe/London", "America/New_York", "Australia/Lord_Howe", "America/Havana", "Asia/Beirut", "Pacific/Apia", "Asia/Kathmandu",
    "Africa/Casablanca",
]
