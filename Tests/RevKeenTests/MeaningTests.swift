import RelayCore
import RelaySupport
import RelayTesting
import RevKeen
import Testing

struct MeaningTests {
    private let words = StatusVocabulary()

    @Test(
        arguments: [
            (#"{"status":"completed"}"#, nil), (#"{"status":"failed","error_message":"x"}"#, nil),
            (#"{"completed_at":"2026-01-01"}"#, .succeeded), (#"{"completed_at":"string","status":"string"}"#, .succeeded),
            (#"{"completed_at":"2026-01-01","status":"completed","error_message":"boom"}"#, .failed),
            (#"{"completed_at":"2026-01-01","status":"completed","error_message":""}"#, .succeeded),
            (#"{"completed_at":"2026-01-01","status":"FAILED"}"#, .failed),
            (#"{"completed_at":"2026-01-01","status":"timed-out"}"#, .failed),
            (#"{"completed_at":"2026-01-01","status":"Canceled"}"#, .cancelled),
            (#"{"completed_at":"2026-01-01","status":"rejected"}"#, .cancelled),
            (#"{"completed_at":"2026-01-01","status":"running"}"#, .succeeded), (#"{"completed_at":null,"status":"done"}"#, nil),
            (#"{"completed_at":false}"#, nil), (#"{"completed_at":0}"#, nil), (#"{"completed_at":""}"#, nil),
        ] as [(String, RunDetail.Outcome?)])
    func `a run's outcome is read from its structure, then its word`(text: String, outcome: RunDetail.Outcome?) throws {
        #expect(words.outcome(of: try run(text)) == outcome)
    }

    @Test(
        arguments: [
            ("{}", .open, nil), (#"{"status":"pending"}"#, .open, nil), (#"{"status":"waiting-for-Approval"}"#, .open, nil),
            (#"{"status":"frobbed"}"#, .open, "frobbed"), (#"{"status":"Approved"}"#, .approved, nil),
            (#"{"status":"denied"}"#, .rejected, nil),
            (#"{"status":"expired"}"#, .closed, nil), (#"{"status":"resolved"}"#, .closed, nil),
            (#"{"status":"pending","approved_at":"2026-01-01"}"#, .approved, nil),
            (#"{"status":"frobbed","approved_at":"x"}"#, .approved, "frobbed"),
            (#"{"status":"rejected","approved_at":"2026-01-01","approved_by_user_id":"u"}"#, .rejected, nil),
            (#"{"status":"resolved","approved_at":"2026-01-01"}"#, .approved, nil),
            (#"{"rejection_reason":"no"}"#, .rejected, nil), (#"{"status":"pending","rejection_reason":"no"}"#, .rejected, nil),
            (#"{"rejection_reason":"no","approved_by_user_id":"u"}"#, .rejected, nil),
            (#"{"status":"approved","rejection_reason":"old","approved_at":"2026-01-01"}"#, .approved, nil),
            (#"{"approved_by_user_id":"u"}"#, .closed, nil), (#"{"status":"approved","approved_by_user_id":"u"}"#, .approved, nil),
            (
                #"{"status":"string","approved_by_user_id":"u","approved_at":"string","rejection_reason":"string"}"#, .rejected,
                "string"
            ),
            (#"{"updated_at":"2026-01-02","created_at":"2026-01-01"}"#, .open, nil),
        ] as [(String, ApprovalDetail.State, String?)])
    func `an approval is open unless something says otherwise`(text: String, state: ApprovalDetail.State, unknown: String?) throws {
        let read = words.state(of: try approval(text))
        #expect(read.state == state)
        #expect(read.unknownWord == unknown)
    }

    @Test func `words of the configuration add to those built in and win over them`() throws {
        let words = StatusVocabulary(
            failed: ["Kaputt"], cancelled: ["abgebrochen"], open: ["offen", "approved"], approved: ["genehmigt"],
            rejected: ["abgelehnt"])
        func outcome(_ word: String) throws -> RunDetail.Outcome? {
            words.outcome(of: try run(#"{"completed_at":"x","status":"\#(word)"}"#))
        }
        func state(_ word: String) throws -> ApprovalDetail.State { words.state(of: try approval(#"{"status":"\#(word)"}"#)).state }
        #expect(try outcome("KAPUTT") == .failed)
        #expect(try outcome("abgebrochen") == .cancelled)
        #expect(try outcome("failed") == .failed)
        #expect(try state("offen") == .open)
        #expect(try state("approved") == .open)
        #expect(try state("genehmigt") == .approved)
        #expect(try state("abgelehnt") == .rejected)
        #expect(words.unknownWord(in: try run(#"{"status":"kaputt"}"#)) == nil)
    }

    @Test(
        arguments: [("frobbed", "frobbed"), ("Running", nil), ("succeeded", nil), ("???", "???"), (nil, nil)]
            as [(String?, String?)])
    func `an unknown word is named as it came`(status: String?, unknown: String?) throws {
        var run = Run(id: "r")
        run.status = status
        #expect(words.unknownWord(in: run) == unknown)
    }

    @Test(
        arguments: [
            ("critical", .urgent, true), ("P-0", .urgent, true), ("SEV 1", .urgent, true), ("1", .urgent, true),
            ("High", .high, true),
            ("p2", .high, true), ("error", .high, true), ("2", .high, true), ("medium", .normal, true), ("warning", .normal, true),
            ("3", .normal, true), ("info", .low, true), ("5", .low, true), ("minor", .low, true), ("string", .normal, false),
            ("6", .normal, false), ("!!", .normal, false), (nil, .normal, true),
        ] as [(String?, Priority, Bool)])
    func `a priority word is read`(word: String?, priority: Priority, known: Bool) {
        let read = PriorityWords().priority(word)
        #expect(read.priority == priority)
        #expect(read.known == known)
    }

    @Test func `a priority word of the configuration wins`() {
        let words = PriorityWords(extra: ["Info": .urgent, "dringend": .high])
        #expect(words.priority("info").priority == .urgent)
        #expect(words.priority("DRINGEND") == (.high, true))
        #expect(words.priority("debug").priority == .low)
    }

    @Test func `a failed step is known by its word`() {
        var step = Step(id: "s")
        #expect(!words.isFailed(step))
        step.status = "Errored"
        #expect(words.isFailed(step))
    }
}
