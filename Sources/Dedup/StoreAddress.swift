/// Where a store is: a file of SQLite, or a database of a PostgreSQL server.
package enum StoreAddress: Sendable, Equatable {
    case file(String)
    case postgres(PostgresAddress)

    /// Nil if it is a URI of PostgreSQL that libpq does not understand, or if it looks like an address and is none that is known: it may
    /// hold a password, and is never taken for the name of a file.
    package init?(_ text: String) {
        guard PostgresAddress.isOne(text) else {
            let lower = text.lowercased()
            if lower.contains("://") || lower.hasPrefix("postgres") && lower.contains(":") || lower.contains("password=") { return nil }
            self = .file(text)
            return
        }
        guard let address = PostgresAddress(text) else { return nil }
        self = .postgres(address)
    }

    /// The address without a password, as logs and errors show it.
    package var shown: String {
        switch self {
        case .file(let path): path
        case .postgres(let address): address.shown
        }
    }
}
