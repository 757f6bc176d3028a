import RelayCore
import RelaySupport
import Testing

/// Errors that differ only in numbers, ids, times and addresses are of one kind; other errors are not.
struct ErrorFingerprintTests {
    @Test(arguments: [
        ("Timeout after 30 s", "Timeout after # s"),
        ("order 1000234 at 2026-11-24T09:00:12.345Z", "order # at #:#:#"),
        ("at 2026-11-24 09:00:12", "at # #:#:#"),
        ("lock 7f3a91c2 is held", "lock # is held"),
        ("run 497f6eca-6276-4993-bfeb-53cbbbba6f08 ended", "run # ended"),
        ("connect to 10.0.0.1:443 refused", "connect to #:# refused"),
        ("GET https://api.example.com/v2/orders/17?x=1 gave 503", "GET <address> gave #"),
        ("no such user ann@example.com.", "no such user <address>"),
        ("(id=42,host=db-7.internal)", "(id=#,host=db-7.internal)"),
        ("sync.ts:24 in utf8 and x509", "sync.ts:# in utf8 and x509"),
        ("12ms, 3.5MB, -7", "#, #, -#"),
        ("Bestellung “4711” für Łódź٣ fehlt…", "Bestellung “#” für Łódź٣ fehlt…"), ("в 09:12", "в #:#"),
        ("a  b\n\tc", "a b c"), ("", ""),
    ])
    func `what varies is masked, and words stay`(error: String, kind: String) { #expect(ErrorFingerprint.mask(error) == kind) }

    @Test func `two errors of one kind have one mark, and two of two have two`() {
        #expect(ErrorFingerprint.mask("user 17 is locked") == ErrorFingerprint.mask("user 90210 is locked"))
        #expect(ErrorFingerprint.mask("user 17 is locked") != ErrorFingerprint.mask("user 17 is unknown"))
    }

    @Test func `a very long text is judged by its beginning`() {
        let long = String(repeating: "word ", count: 10_000)
        #expect(ErrorFingerprint.mask(long + "1") == ErrorFingerprint.mask(long + "other"))
        #expect(ErrorFingerprint.mask(long).count <= 400)
    }
}
