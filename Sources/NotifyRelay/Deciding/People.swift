import Channels
import Policy
import RelayCore
import RelaySupport

/// Finds the people of `people:` by the id under which a mail server or a chat knows them.
struct People: Sendable {
    /// The chats in which a button can be pressed.
    enum Way: String, Sendable {
        case slack, mattermost, discord, telegram
    }

    let all: [Person]

    /// The name of the person with a mail address, in upper or lower case; nil if nobody has it.
    func person(email: String) -> String? { all.first { $0.email == email.lowercased() }?.name }

    func person(_ id: String, in way: Way) -> String? {
        all.first { person in
            switch way {
            case .slack: person.slack == id
            case .mattermost: person.mattermost == id
            case .discord: person.discord == id
            case .telegram: person.telegram == id
            }
        }?.name
    }

    /// The speaker for a pressed button. A person who is not known gets the name that the chat shows.
    func speaker(_ press: Press, in way: Way, at destination: String, address: String? = nil) -> Speaker {
        let id = "\(way.rawValue) \(press.userID.oneLine(most: 60))"
        let shown = press.userName?.oneLine(most: 60) ?? ""
        return Speaker(
            person: person(press.userID, in: way), fallbackName: shown.isEmpty ? id : "\(shown) (\(id))", way: way.rawValue,
            destination: destination, address: address)
    }
}
