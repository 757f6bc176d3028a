import Dispatch
import RelayCore
import RelaySupport
import Transport

/// Files in a folder: one line of JSON per message, or one mail file per message.
package enum FileDrop {
    package static let type = ChannelType(
        name: "file",
        abilities: Abilities(nativePriority: true, limit: Limit(10_000, .bytes)),
        dialect: .plain,
        htmlDialect: Email.htmlDialect,
        titleLimit: Limit(500, .bytes),
        read: read)

    enum Format: String, CaseIterable { case json, eml }

    private static func read(_ section: ConfigSection, _ basics: DestinationBasics) -> ChannelPlan? {
        let written = section.required("folder", "a folder, relative to this file")
        let format = section.word("format", Format.self)
        guard let written, format != nil || section.string("format") == nil else { return nil }
        guard !written.utf8.contains(0) else {
            section.note("folder", "\(section.path).folder holds a NUL", expected: "a folder")
            return nil
        }
        guard let from = MailAddress(parsing: "NotifyRelay <notify-relay@localhost>"),
            let to = MailAddress(parsing: "\(basics.name)@localhost")
        else { return nil }
        let folder = Folder(path: written.hasPrefix("/") ? written : basics.folder + "/" + written)
        let letterhead = Letterhead(from: from, replyTo: nil, destination: basics.name)
        return ChannelPlan {
            FileChannel(folder: folder, format: format ?? .json, letterhead: letterhead, to: to, clock: $0.clock)
        }
    }
}

struct FileChannel: Channel {
    let folder: Folder
    let format: FileDrop.Format
    let letterhead: Letterhead
    let to: MailAddress
    let clock: any WallClock
    /// Writing blocks on the disk, so it runs on this queue and not on the threads of Swift's tasks.
    private let queue = DispatchQueue(label: "notify-relay.file")

    init(folder: Folder, format: FileDrop.Format, letterhead: Letterhead, to: MailAddress, clock: any WallClock) {
        self.folder = folder
        self.format = format
        self.letterhead = letterhead
        self.to = to
        self.clock = clock
    }

    func deliver(_ message: Message) async throws(DeliveryError) -> Receipt {
        let bytes = bytes(message)
        let name = format == .json ? "messages.jsonl" : "\(message.deliveryID).eml"
        let (folder, format) = (folder, format)
        let result = await withCheckedContinuation { (done: CheckedContinuation<Result<Void, FolderError>, Never>) in
            queue.async {
                done.resume(
                    returning: Result { () throws(FolderError) in
                        switch format {
                        case .json: try folder.append(bytes, to: name)
                        case .eml: try folder.place(bytes, as: name)
                        }
                    })
            }
        }
        if case .failure(let error) = result { throw error.judgement }
        return Receipt(["file": name])
    }

    func preview(_ message: Message) -> String { String(decoding: bytes(message), as: UTF8.self) }

    func connect() async -> [Finding] {
        let fault = folder.fault
        return [Finding(ok: fault == nil, fault?.description ?? "\(folder.path) can be written")]
    }

    private func bytes(_ message: Message) -> [UInt8] {
        switch format {
        case .json: EventDocument(message: message).standard + [UInt8(ascii: "\n")]
        case .eml: letterhead.mail(message, to: to, date: clock.now).bytes
        }
    }
}
