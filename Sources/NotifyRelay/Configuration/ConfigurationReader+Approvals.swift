import Policy
import RelayCore
import RelaySupport
import Transport

/// Reads who may decide approvals, how, and when reminders are sent.
extension ConfigurationReader {
    /// Reads `approvers`, `two_person`, and the reminder ladder of a route.
    func readApprovalKeys(_ section: ConfigSection, _ route: inout Route, people: [String]) {
        if let approvers = section.places("approvers") {
            for name in approvers where !people.contains(name.text) {
                problems.add(
                    Problem(
                        name.place, "nobody is called \(name.shown)", expected: "a name of people:", meant: nearest(name.text, in: people)))
            }
            if approvers.isEmpty { section.note("approvers", "\(section.path).approvers names nobody", expected: "names of people:") }
            route.approvers = approvers.map(\.text)
        }
        route.twoPerson = section.bool("two_person", default: false)
        if route.twoPerson, let approvers = route.approvers, Set(approvers).count < 2 {
            section.note(
                "two_person", "\(section.path).two_person asks for two people, and approvers names one",
                expected: "at least two names in approvers", isWarning: true)
        }
        checkWords(section, "reason", of: ["required", "optional"])
        route.needsReason = section.string("reason") == "required"
        route.reminders = reminders(section)
    }

    private func reminders(_ section: ConfigSection) -> ReminderLadder? {
        var steps: [Duration] = []
        for step in section.places("remind") ?? [] {
            guard let duration = Duration(interval: step.text), duration > .zero else {
                problems.add(Problem(step.place, "\(step.shown) is no duration", expected: "30m, 2h, 8h"))
                continue
            }
            steps.append(duration)
        }
        checkWords(section, "remind_clock", of: ["wall", "working"])
        let ladder = ReminderLadder(
            steps: steps, isWorkingTime: section.string("remind_clock") == "working", overdue: section.duration("overdue"),
            escalation: escalation(section))
        return ladder.moments.isEmpty ? nil : ladder
    }

    private func escalation(_ route: ConfigSection) -> ReminderLadder.Escalation? {
        guard let section = route.section("escalate") else { return nil }
        defer { section.finish() }
        checkDuration(section, "after")
        checkDestinations(section, "to", required: section.node("mention") == nil)
        let mention = section.string("mention")
        guard let after = section.duration("after") else { return nil }
        return ReminderLadder.Escalation(after: after, to: section.strings("to") ?? [], mention: mention)
    }

    /// Reads the settings of the public side: the listen address, the public URL, and the keys that sign links.
    func readPublicSide(_ section: ConfigSection, _ server: inout Configuration.Server) {
        if let text = section.string("public_listen") {
            server.publicListen = HostAndPort(text)
            if server.publicListen == nil { section.wrong("public_listen", "HOST:PORT, such as 0.0.0.0:8443") }
            if let both = server.publicListen, both == server.listen, both.port != 0 {
                section.note(
                    "public_listen", "server.public_listen is server.listen: what is for people would stand beside what is not",
                    expected: "another port")
            }
        }
        if let text = section.string("public_url") {
            server.publicURL = publicURL(text, section)
            if section.node("public_listen") == nil { section.missing("public_listen", "HOST:PORT, because public_url is set") }
        }
        server.linkKeys = linkKeys(section)
        server.linkExpiry = section.duration("link_expiry") ?? server.linkExpiry
        readNeighbours(section, &server)
        server.signIn = signIn(section, server)
    }

    /// Reads which proxies are trusted, and which names pages answer to.
    private func readNeighbours(_ section: ConfigSection, _ server: inout Configuration.Server) {
        for text in section.places("trusted") ?? [] {
            if let block = AddressBlock(text.text) {
                server.trusted.append(block)
            } else {
                problems.add(
                    Problem(
                        text.place, "server.trusted: \(text.shown) is no address or block of addresses",
                        expected: "CIDR, such as 10.0.0.0/8, fd00::/8 or 192.0.2.7"))
            }
        }
        for text in section.places("hosts") ?? [] {
            if HostGuard.isName(text.text) {
                server.hosts.append(text.text)
            } else {
                problems.add(
                    Problem(
                        text.place, "server.hosts: \(text.shown) is no name of a host",
                        expected: "a name without scheme, port and path, such as relay.example.com"))
            }
        }
    }

    private func publicURL(_ text: String, _ section: ConfigSection) -> String? {
        let address = WebAddress(text)
        guard let address, ["https", "http"].contains(address.scheme), !text.contains("?"), !text.contains("#"), !text.contains("@") else {
            section.wrong("public_url", "https://… as people reach it, without ? and #")
            return nil
        }
        if address.scheme == "http", !address.isLoopback {
            section.note(
                "public_url", "server.public_url is plain: whoever listens on the way can decide", expected: "https://…", isWarning: true)
        }
        var url = text
        while url.hasSuffix("/") { url.removeLast() }
        return url
    }

    /// Reads one key, or several of which the first one signs. A key that is written in the file itself gets a warning.
    private func linkKeys(_ section: ConfigSection) -> [Secret] {
        guard let node = section.textsNode("link_key") else { return [] }
        guard case .sequence(let items) = node.content else {
            let key = section.secret("link_key")
            return [key].compactMap(\.self).map { judged($0, signs: true, at: node.place) }
        }
        return items.enumerated().filter { !$0.element.isUnresolved }.compactMap { index, item in
            guard case .scalar(let scalar) = item.content, !scalar.text.isEmpty else {
                problems.add(Problem(item.place, "server.link_key holds \(item.shape)", expected: "secrets, best as \"${NAME}\""))
                return nil
            }
            if !scalar.isInterpolated {
                problems.add(
                    Problem(
                        item.place, "server.link_key is a secret that stands in the file",
                        expected: "\"${NAME}\" or \"${file:/path}\"", isWarning: true))
            }
            return judged(Secret(scalar.text), signs: index == 0, at: item.place)
        }
    }

    /// Refuses a key that signs and is short enough to be guessed. A short one that only verifies gets a warning: whoever guesses it can sign
    /// until it leaves the file.
    private func judged(_ key: Secret, signs: Bool, at place: Place) -> Secret {
        guard key.reveal().utf8.count < LinkKeys.leastBytes else { return key }
        let problem =
            signs
            ? Problem(
                place, "server.link_key is so short that it can be guessed",
                expected: "a key of at least \(LinkKeys.leastBytes) bytes, such as `openssl rand -base64 32` makes; "
                    + "the short one may stand after it, in a list, until link_expiry is over")
            : Problem(
                place, "server.link_key holds a key so short that it can be guessed; it signs nothing more, and still verifies",
                expected: "to remove it when link_expiry is over", isWarning: true)
        problems.add(problem)
        return key
    }
}
