extension LedgerError {
    /// Translates the server's states (https://www.postgresql.org/docs/current/errcodes-appendix.html). No other code interprets them.
    init(postgres failure: PostgresFailure, store: String) {
        let said = "\(failure.words)" + (failure.state.map { " (SQLSTATE \($0))" } ?? "")
        if failure == .fenced {
            self.init(.fenced, "another relay leads on the store \(store) now: this one writes nothing more until it leads again")
            return
        }
        guard let state = failure.state else {
            self = Self.unreachable(failure.words, store)
            return
        }
        switch state {
        case "28P01", "28000", "3D000", "42501", "0AREL":
            self.init(.refused, "the server refuses the relay at \(store): \(said); check the user, its rights and the name in `store`")
        case _ where failure.isLoss: self = Self.unreachable(failure.words, store)
        case "55P03", "57014", "53300", "40001", "40P01":
            self.init(.busy, "the store \(store) is busy: \(said); it is tried again")
        case "53100":
            self.init(.full, "no room left for the store \(store): free some space on the server's disk; nothing recorded is lost")
        case "25006": self.init(.readOnly, "the store \(store) cannot be written: \(said); name the server that takes writes")
        case "XX001", "XX002":
            self.init(.corrupt, "the store \(store) is damaged: \(said); stop the relays and restore a backup of the server")
        default: self.init(.io, "the store \(store) failed: \(said)")
        }
    }

    /// Errors while connecting carry no state, so libpq's words say what kind they are.
    private static func unreachable(_ words: String, _ store: String) -> LedgerError {
        let isRefused = ["password authentication failed", "no pg_hba.conf entry", "does not exist", "no password supplied", "certificate"]
            .contains { words.contains($0) }
        if isRefused {
            return LedgerError(
                .refused, "the server refuses the relay at \(store): \(words); check the user, its rights and the name in `store`")
        }
        return LedgerError(.unreachable, "the store \(store) cannot be reached: \(words); it is tried again until it can")
    }
}
