/// Where a store is: a file of SQLite, or a database of a PostgreSQL server.
package enum StoreAddress: Sendable, Equatable {
    case file(String)
    case postgres(PostgresAddress)

    /// Nil if it is a URI of PostgreSQL that libpq does not understand.
    package init?(_ text: String) {
        guard PostgresAddress.isOne(text) else {
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
