import RelaySupport
import RelayTesting
import Testing

@testable import Sandbox

struct MailMessageTests {
    @Test(arguments: [
        ("plain", "plain"),
        ("=?UTF-8?B?4oKsMQ==?= =?utf-8?q?_=E2=80=94_x?= end", "€1 — x end"),
        ("=?UTF-8?B?4oI=?= =?UTF-8?B?rA==?=", "€"),
        ("=?iso-8859-1?Q?Caf=E9?=", "Café"),
        ("a =?broken", "a =?broken"),
        ("=?utf-8?x?y?=", "=?utf-8?x?y?="),
    ])
    func `encoded words are read`(value: String, expected: String) {
        #expect(EncodedWord.decode(value) == expected)
    }

    @Test(arguments: [("a=20=C3=A9=\r\nb", "a éb"), ("a=\nb", "ab"), ("=ZZ=", "=ZZ=")])
    func `quoted-printable is read, broken or not`(text: String, expected: String) {
        #expect(String(decoding: TransferEncoding.quotedPrintable(Array(text.utf8)), as: UTF8.self) == expected)
    }

    private static let alternative = """
        From: "Relay" <relay@example.com>
        Subject: =?UTF-8?B?4oKs?=
         and more
        Content-Type: multipart/mixed; boundary="out"

        preamble
        --out
        Content-Type: multipart/alternative;
          boundary=in

        --in
        Content-Type: text/plain; charset=utf-8
        Content-Transfer-Encoding: quoted-printable

        Caf=C3=A9
        --in
        Content-Type: text/html; charset=utf-8
        Content-Transfer-Encoding: base64

        PGI+aGk8
        L2I+
        --in--
        --out
        Content-Type: text/csv
        Content-Disposition: attachment; filename="a;b.csv"

        x
        --out--
        epilogue
        """.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\r\n")

    @Test func `the parts of a mail are found`() {
        let mail = MailMessage(Array(Self.alternative.utf8))
        #expect(mail.subject == "€ and more")
        #expect(mail.from == "\"Relay\" <relay@example.com>")
        #expect(mail.text == "Café")
        #expect(mail.html == "<b>hi</b>")
        #expect(mail.attachments.count == 1)
    }

    @Test(arguments: ["", "\r\n", "no colon", ":", "A", "Content-Type: multipart/mixed; boundary=\r\n\r\n--\r\n--\r\n--"])
    func `what is no mail is read all the same`(text: String) {
        #expect(MailMessage(Array(text.utf8)).html == nil)
    }
}
