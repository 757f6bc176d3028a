import Testing

@testable import Transport

/// Blocks of addresses in CIDR notation.
struct AddressBlockTests {
    @Test(arguments: [
        ("10.0.0.0/8", "10.255.0.1", true), ("10.0.0.0/8", "11.0.0.1", false), ("192.0.2.7", "192.0.2.7", true),
        ("192.0.2.7", "192.0.2.8", false), ("0.0.0.0/0", "203.0.113.9", true), ("172.16.0.0/12", "172.31.255.255", true),
        ("172.16.0.0/12", "172.32.0.0", false), ("10.0.0.0/8", "::ffff:10.1.2.3", true), ("fd00::/8", "fd12::1", true),
        ("fd00::/8", "fe80::1", false), ("fd00::/8", "10.0.0.1", false), ("::1", "::1", true), ("2001:db8::/33", "2001:db8:8000::1", false),
        ("10.0.0.0/8", "name.example", false), ("10.0.0.0/8", "", false),
    ])
    func `an address is in a block or not`(block: String, address: String, isIn: Bool) throws {
        #expect(try #require(AddressBlock(block)).contains(address) == isIn)
    }

    @Test(arguments: [
        "", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0/8", "::/129", "name.example", "fe80::1%eth0/64",
        "10.0.0.0/8/8",
    ])
    func `what is no block is none`(text: String) { #expect(AddressBlock(text) == nil) }
}
