import RelayCore
import RelaySupport

extension AbsenceDetail {
    /// What a person reads first, in the relay's own words.
    func sentence(_ times: Times) -> String {
        switch ending {
        case nil: [openSentence(times), rowSentence].compactMap(\.self).joined(separator: " ")
        case .happened: "It \(happened) at \(written(happenedAt ?? due, times)), \((late ?? .zero).spoken) late."
        case .replaced: "It \(missing), and the next one is late too."
        case .forgotten: "It \(missing), and nothing expects it any more: the automation is paused or gone, or no rule names it."
        }
    }

    private func openSentence(_ times: Times) -> String {
        let due = written(due, times), from = written(countedFrom, times)
        return switch expected {
        case .start: "Its run of \(from) has not started. It was due by \(due)."
        case .finish: "Its run of \(from) has not ended. It was due by \(due)."
        case .success: "No run has succeeded since \(from). One was due by \(due)."
        }
    }

    /// A time of which a part of a minute may matter is written with its seconds.
    private func written(_ moment: Timestamp, _ times: Times) -> String {
        countedFrom.duration(to: due) < .seconds(600) ? times.exact(moment) : times.written(moment)
    }

    private var rowSentence: String? { inARow > 1 ? "It is number \(inARow) in a row." : nil }
}
