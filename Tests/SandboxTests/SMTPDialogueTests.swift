import RelaySupport
import RelayTesting
import Testing

@testable import Sandbox

struct SMTPDialogueTests {
    private static let greeted = "EHLO relay\r\n"
    private static let addressed = greeted + "MAIL FROM:<a@x> SIZE=10 BODY=8BITMIME\r\nRCPT TO:<b@y>\r\n"

    /// Returns all acts of a dialogue in which every recipient is accepted.
    private func acts(_ text: String, chunk: Int = .max) -> [SMTPDialogue.Act] {
        var dialogue = SMTPDialogue()
        var acts: [SMTPDialogue.Act] = []
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            dialogue.take(bytes.prefix(chunk))
            bytes = bytes.dropFirst(chunk)
            while let act = dialogue.next() {
                if case .judge(let recipient) = act { _ = dialogue.settle(recipient: recipient, refusal: nil) }
                acts.append(act)
            }
        }
        return acts
    }

    @Test(arguments: [Int.max, 1, 7])
    func `a mail comes through in pieces of any size, its dots unstuffed`(chunk: Int) {
        let acts = acts(Self.addressed + "DATA\r\nSubject: x\r\n\r\n..dot\r\nend\r\n.\r\nQUIT\r\n", chunk: chunk)
        #expect(acts.contains(.accept(from: "a@x", to: ["b@y"], mail: Array("Subject: x\r\n\r\n.dot\r\nend\r\n".utf8))))
        #expect(acts.last == .close("221 2.0.0 bye"))
    }

    @Test func `a bare line feed ends nothing, so nothing can be smuggled in`() {
        let mail = "a\n.\nMAIL FROM:<evil@x>\r\n"
        let acts = acts(Self.addressed + "DATA\r\n" + mail + ".\r\n")
        #expect(acts.last == .accept(from: "a@x", to: ["b@y"], mail: Array(mail.utf8)))
    }

    @Test(arguments: [
        ("HELO x\r\n", "250 sandbox.invalid"), ("EHLO\r\n", "501 5.5.4 who are you?"), ("MAIL FROM:<a@x>\r\n", "503 5.5.1 not now"),
        (greeted + "RCPT TO:<b@y>\r\n", "503 5.5.1 MAIL first"), (greeted + "DATA\r\n", "503 5.5.1 RCPT first"),
        (greeted + "MAIL FROM:a@x\r\n", "501 5.5.4 MAIL FROM:<address>"),
        (greeted + "MAIL FROM:<a@x> SIZE=99999999\r\n", "552 5.3.4 message too big"),
        (addressed + "RSET\r\nDATA\r\n", "503 5.5.1 RCPT first"), ("NOOP\r\n", "250 2.0.0 ok"), ("FOO\r\n", "500 5.5.2 unknown command"),
        ("STARTTLS\r\n", "502 5.5.1 no TLS here"), (addressed + "data\r\n", "354 end with a line that holds one dot"),
    ])
    func `each command is answered by its rules`(commands: String, reply: String) {
        #expect(acts(commands).last == .reply(reply))
    }

    @Test(arguments: [
        "AUTH PLAIN AGEAYg==\r\n", "AUTH PLAIN\r\nAGEAYg==\r\n", "AUTH LOGIN\r\nYQ==\r\nYg==\r\n", "AUTH LOGIN YQ==\r\nYg==\r\n",
    ])
    func `a password is read in each of its forms`(commands: String) {
        #expect(acts(Self.greeted + commands).last == .authenticate)
    }

    @Test func `a refused recipient is not part of the mail`() {
        var dialogue = SMTPDialogue()
        dialogue.take(Array((Self.addressed + "RCPT TO:<c@y>\r\nDATA\r\nx\r\n.\r\n").utf8))
        var last: SMTPDialogue.Act?
        while let act = dialogue.next() {
            if case .judge(let recipient) = act {
                let refusal = recipient == "b@y" ? "550 5.1.1 no such mailbox" : nil
                #expect(dialogue.settle(recipient: recipient, refusal: refusal) == refusal ?? "250 2.1.5 ok")
            }
            last = act
        }
        #expect(last == .accept(from: "a@x", to: ["c@y"], mail: Array("x\r\n".utf8)))
    }

    @Test func `a line without an end is cut off`() {
        #expect(acts(String(repeating: "x", count: 20_000)) == [.close("500 5.5.2 line too long")])
    }
}
