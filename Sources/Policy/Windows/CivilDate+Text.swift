import RelayCore

extension CivilDate {
    /// The date as `2026-11-24`.
    package var written: String { String(CivilTime(date: self, hour: 0, minute: 0).asIfUTC.description.prefix(10)) }

    /// Reads `2026-11-24`.
    init?(written: String) {
        guard let moment = Timestamp(text: "\(written)T00:00:00Z") else { return nil }
        self.init(daysSince1970: moment.seconds / 86_400)
    }
}
