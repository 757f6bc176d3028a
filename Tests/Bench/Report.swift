import Foundation

struct BenchError: Error, CustomStringConvertible {
    var description: String

    init(_ description: String) { self.description = description }
}

/// The report table, printed row by row as the results come in.
struct Report {
    enum Aim {
        case atMost(Double)
        case atLeast(Double)
        case none
    }

    private(set) var missed = 0

    func heading(_ title: String) { print("\n\(title)") }

    mutating func row(_ what: String, _ value: Double, _ unit: String, _ aim: Aim = .none) {
        let (wanted, met): (String, Bool) =
            switch aim {
            case .atMost(let most): ("≤ \(Self.text(most))", value <= most)
            case .atLeast(let least): ("≥ \(Self.text(least))", value >= least)
            case .none: ("", true)
            }
        if !met { missed += 1 }
        print("  " + pad(what, 62) + pad("\(Self.text(value)) \(unit)", 22) + pad(wanted, 12) + (met ? "" : "MISSED"))
        fflush(nil)
    }

    private func pad(_ text: String, _ width: Int) -> String { text + String(repeating: " ", count: max(1, width - text.count)) }

    private static func text(_ value: Double) -> String {
        abs(value) >= 100 || value == value.rounded() ? String(format: "%.0f", value) : String(format: "%.3f", value)
    }
}
