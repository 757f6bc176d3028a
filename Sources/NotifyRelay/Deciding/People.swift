import Channels
import RelayCore
import RelaySupport

/// Who is who, by what a way in knows them.
struct People: Sendable {
    /// A chat in which a button can be pressed.
    enum Way: String, Sendable {
        case slack, mattermost, discord, telegram
    }

    let all: [Person]

    /// By the address of a mail, in any case.
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

    /// Somebody who pressed a button.
    func speaker(_ press: Press, in way: Way, at destination: String, address: String? = nil) -> Speaker {
        let id = "\(way.rawValue) \(press.userID.oneLine(most: 60))"
        let shown = press.userName?.oneLine(most: 60) ?? ""
        return Speaker(
            person: person(press.userID, in: way), fallbackName: shown.isEmpty ? id : "\(shown) (\(id))", way: way.rawValue,
            destination: destination, address: address)
    }
}
