import Testing

@testable import Transport

/// Which addresses and names no connection may lead to. Nothing here connects.
struct AddressPolicyTests {
    private static let metadata = [
        "169.254.169.254", "169.254.170.2", "169.254.170.23", "fd00:ec2::254", "fd00:ec2::23", "100.100.100.200", "192.0.0.192",
        "168.63.129.16", "fd20:ce::254", "fd00:c1::a9fe:a9fe",
    ]
    private static let inIPv4 = metadata.filter { !$0.contains(":") }

    @Test(arguments: metadata + ["169.254.0.0", "169.254.255.255", "fe80::1", "febf:ffff::1", "fe80::1%eth0", "FE80::A"])
    func `link-local addresses and the metadata services of clouds are refused`(host: String) {
        #expect(AddressPolicy.refuses(host: host))
    }

    @Test(arguments: inIPv4) func `they are refused in every IPv6 form`(host: String) throws {
        let bytes = try #require(NetworkAddress(host)).bytes
        let hex = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
        let (high, low) = (hex[0] + hex[1], hex[2] + hex[3])
        let inverted = bytes.map { (~$0 < 16 ? "0" : "") + String(~$0, radix: 16) }
        let forms = [
            "::ffff:\(host)", "::\(host)", "::ffff:0:\(host)", "64:ff9b::\(host)", "64:ff9b:1::\(host)",
            "64:ff9b:1:\(high):\(hex[2]):\(hex[3])00::",
            "64:ff9b:1:12\(hex[0]):\(hex[1]):\(low)::", "64:ff9b:1:1234:\(hex[0]):\(hex[1])\(hex[2]):\(hex[3])00:0",
            "2002:\(high):\(low)::1",
            "2001:0:1:2:3:4:\(inverted[0])\(inverted[1]):\(inverted[2])\(inverted[3])",
        ]
        for form in forms {
            let address = try #require(NetworkAddress(form), "\(form)")
            #expect(AddressPolicy.refuses(address), "\(form)")
        }
    }

    @Test(arguments: ["metadata.google.internal", "Metadata.Google.Internal.", "metadata.goog", "instance-data", "metadata.tencentyun.com"])
    func `the names of metadata services are refused`(host: String) {
        #expect(AddressPolicy.refuses(host: host))
    }

    @Test(arguments: [
        "127.0.0.1", "::1", "10.0.0.1", "192.168.1.1", "169.253.1.1", "169.255.1.1", "100.100.100.201", "192.0.0.193", "168.63.129.17",
        "8.8.8.8",
        "fd00:ec2::253", "fd20:ce::255", "fec0::1", "2001:4860:4860::8888", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1",
        "hooks.slack.com", "localhost", "metadata.example.com", "",
    ])
    func `everything else is allowed`(host: String) { #expect(!AddressPolicy.refuses(host: host)) }

    @Test(arguments: [
        "http://2852039166/", "http://0xA9FEA9FE/", "http://0251.0376.0251.0376/", "http://169.254.43518/", "http://[::ffff:a9fe:a9fe]/",
        "http://[fe80::1%25eth0]/",
    ])
    func `another spelling of an address in a URL is the same address`(url: String) throws {
        let host = try #require(WebAddress(url)).host
        #expect(AddressPolicy.refuses(host: host), "\(host)")
    }
}
