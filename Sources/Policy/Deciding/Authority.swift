/// Who may decide an approval at one destination, and how many must.
package struct Authority: Sendable, Equatable {
    /// Names of people; nil means everybody who reads it there.
    package var approvers: [String]?
    /// The people whose votes count, by all routes that fit; nil means everybody's. One destination may have other approvers than another.
    package var voters: [String]?
    /// How many different people must approve.
    package var peopleNeeded: Int
    /// Who rejects must say why.
    package var needsReason = false

    package init(approvers: [String]? = nil, peopleNeeded: Int = 1) {
        self.approvers = approvers
        self.peopleNeeded = peopleNeeded
    }

    /// Why somebody may not decide; nil if they may.
    package func refusal(of speaker: Speaker) -> String? {
        if speaker.mustSignIn { return "sign in to decide this" }
        if approvers?.isEmpty == true { return "no route says any more who decides this; notify-relay approvals does" }
        if !speaker.isRecipient { return "this link was sent to somebody, or to a room, that gets no requests there any more" }
        if !allows(speaker.person) {
            let names = (approvers ?? []).joined(separator: ", ")
            let who = speaker.person == nil ? "who you are is not known here" : "you are known as \(speaker.name)"
            return "this is for \(names) to decide, and \(who)"
        }
        if peopleNeeded > 1, speaker.person == nil {
            return "two different people must approve this, and who you are is not known here"
        }
        return nil
    }

    /// - Parameter person: a name of `people:`; nil for somebody who is not known.
    private func allows(_ person: String?) -> Bool {
        guard let approvers else { return true }
        return person.map(approvers.contains) ?? false
    }
}
