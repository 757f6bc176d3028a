import Testing

@testable import Dedup

/// The URI of a database says where it is, and never shows its password.
struct PostgresAddressTests {
    @Test(arguments: [
        ("postgresql://relay:s3cret@db.example.com/relay", "postgresql://relay@db.example.com/relay"),
        ("postgres://relay:s3cret@db.example.com:6432/relay?sslmode=require", "postgresql://relay@db.example.com:6432/relay"),
        ("postgresql://db/relay?user=ann&password=s3cret", "postgresql://ann@db/relay"),
        ("postgresql:///relay?host=/run/postgresql&password=s3cret", "postgresql:///relay?host=/run/postgresql"),
    ])
    func `it is shown without its password`(uri: String, shown: String) throws {
        let address = try #require(StoreAddress(uri))
        #expect(address.shown == shown)
        #expect(!address.shown.contains("s3cret"))
    }

    @Test(arguments: [
        "postgresql://relay:a@b@db/relay", "postgresql://relay:Ab/s3cret@db/relay", "postgresql://relay:1/s3cret@db/relay",
        "POSTGRESQL://relay:s3cret@db/relay",
        "mysql://relay:s3cret@db/relay", "postgresql:relay:s3cret@db/relay", "host=db password=s3cret dbname=relay",
        "postgresql://db/relay?nonsense=1", "postgresql://[::1/relay",
    ])
    func `what libpq does not understand is no address`(uri: String) { #expect(StoreAddress(uri) == nil) }

    @Test func `the address of one server is shown so that it can be used again`() throws {
        #expect(try #require(StoreAddress("postgresql://relay@[::1]:5433/relay")).shown == "postgresql://relay@[::1]:5433/relay")
    }

    @Test func `anything else is a file`() {
        #expect(StoreAddress("./relay.db") == .file("./relay.db"))
        #expect(StoreAddress("postgres.db") == .file("postgres.db"))
    }

    @Test(arguments: [
        ("postgresql://db.example.com/relay", "verify-full"), ("postgresql://db.example.com/relay?sslmode=require", nil),
        ("postgresql://127.0.0.1/relay", nil), ("postgresql://localhost/relay", nil), ("postgresql://[::1]/relay", nil),
        ("postgresql:///relay?host=/run/postgresql", nil), ("postgresql:///relay", nil),
        ("postgresql://localhost,db.example.com/relay", "verify-full"), ("postgresql://127.example.com/relay", "verify-full"),
    ])
    func `a server elsewhere must prove who it is unless the URI says otherwise`(uri: String, mode: String?) throws {
        let address = try #require(PostgresAddress(uri))
        #expect(address.ownTLSMode == mode)
    }

    @Test func `a weak protection is named`() throws {
        #expect(try #require(PostgresAddress("postgresql://db/relay")).weakness == nil)
        #expect(try #require(PostgresAddress("postgresql://db/relay?sslmode=verify-ca")).weakness?.contains("verify-full") == true)
        #expect(try #require(PostgresAddress("postgresql://db/relay?sslmode=prefer")).weakness?.contains("read along") == true)
        #expect(try #require(PostgresAddress("postgresql://127.0.0.1/relay?sslmode=disable")).weakness == nil)
    }
}
