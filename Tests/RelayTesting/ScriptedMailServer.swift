import Foundation
import Glibc
import RelayCore
import RelaySupport

/// A mail server that follows a script: it replies to a command as the script says, else as a correct server would.
package final class ScriptedMailServer: Sendable {
    package enum Act: Sendable {
        case say(String)
        /// Sends nothing and waits until the other side closes.
        case keepSilent
        case hangUp
        case reset
        /// Replies correctly, then reads no more until `readOn`.
        case pause
        /// Replies correctly after this delay. It is real time, because libcurl's connect timeout goes by its own clock.
        case late(milliseconds: UInt32)
    }

    /// The act for a command when it comes for the `time`-th time; nil means the reply of a correct server. `GREETING`, `PASSWORD` and `.`
    /// count as commands.
    package typealias Script = @Sendable (_ command: String, _ time: Int) -> Act?

    private let server: RawServer
    private let kept: Locked<[String]>
    private let lines: AsyncStream<String>
    private let gate: DispatchSemaphore

    package init(extensions: [String] = ["AUTH PLAIN LOGIN"], _ script: @escaping Script = { _, _ in nil }) {
        let mails = Locked<[String]>([])
        let times = Locked<[String: Int]>([:])
        let (lines, said) = AsyncStream<String>.makeStream()
        let gate = DispatchSemaphore(value: 0)
        kept = mails
        self.lines = lines
        self.gate = gate
        server = RawServer { connection, _ in
            var talk = MailTalk(connection: connection, extensions: extensions, gate: gate) { command in
                said.yield(command)
                let time = times.withLock { times in
                    times[command, default: 0] += 1
                    return times[command, default: 0]
                }
                return script(command, time)
            } deliver: { mail in
                mails.withLock { $0.append(mail) }
            }
            talk.run()
            said.yield("END")
        }
    }

    /// Does the same act for one command every time.
    package convenience init(_ command: String, _ act: Act, extensions: [String] = ["AUTH PLAIN LOGIN"]) {
        self.init(extensions: extensions) { said, _ in said == command ? act : nil }
    }

    package var port: Int { server.port }
    package var connections: Int { server.connections }
    /// Every line that was read, except those of mails and passwords.
    package var commands: [String] { server.received }
    /// The mails whose final dot came, whatever the reply to it was.
    package var mails: [String] { kept.withLock { $0 } }

    package func stop() { server.stop() }

    /// Ends a pause.
    package func readOn() { gate.signal() }

    /// Returns once the command is read; `END` is the end of a connection. Each command can be waited for once.
    package func waits(for command: String) async {
        for await line in lines where line == command { return }
    }
}

/// The server's side of one connection.
private struct MailTalk {
    let connection: RawConnection
    let extensions: [String]
    let gate: DispatchSemaphore
    let judge: (String) -> ScriptedMailServer.Act?
    let deliver: (String) -> Void
    private var buffer: [UInt8] = []

    init(
        connection: RawConnection, extensions: [String], gate: DispatchSemaphore,
        judge: @escaping (String) -> ScriptedMailServer.Act?, deliver: @escaping (String) -> Void
    ) {
        self.connection = connection
        self.extensions = extensions
        self.gate = gate
        self.judge = judge
        self.deliver = deliver
    }

    mutating func run() {
        guard answer("GREETING", "220 box.test ESMTP") else { return }
        while let line = line() {
            connection.note(line)
            let command = line.split(separator: " ").first.map { $0.uppercased() } ?? ""
            guard answer(command, honest(command)) else { return }
            if command == "QUIT" { return }
        }
    }

    private func honest(_ command: String) -> String {
        switch command {
        case "EHLO": (["250-box.test"] + extensions.map { "250-\($0)" } + ["250 SIZE 50000000"]).joined(separator: "\r\n")
        case "AUTH": "334 "
        case "DATA": "354 go on"
        case "QUIT": "221 2.0.0 bye"
        default: "250 2.0.0 ok"
        }
    }

    /// Returns false to end the connection.
    private mutating func answer(_ command: String, _ honest: String) -> Bool {
        switch judge(command) {
        case .say(let reply)?:
            connection.write(reply + "\r\n")
            return true
        case .keepSilent?:
            while line() != nil {}
            return false
        case .hangUp?: return false
        case .reset?:
            connection.reset()
            return false
        case .pause?:
            connection.write(honest + "\r\n")
            gate.wait()
        case .late(let milliseconds)?:
            usleep(milliseconds * 1_000)
            connection.write(honest + "\r\n")
        case nil: connection.write(honest + "\r\n")
        }
        return go(on: command)
    }

    /// Handles what follows a command's own line.
    private mutating func go(on command: String) -> Bool {
        switch command {
        case "AUTH":
            _ = line()
            return answer("PASSWORD", "235 2.7.0 welcome")
        case "DATA":
            var mail = ""
            while let line = line() {
                if line == "." {
                    deliver(mail)
                    return answer(".", "250 2.0.0 queued as 1")
                }
                mail += line + "\r\n"
            }
            return false
        default: return true
        }
    }

    private mutating func line() -> String? {
        while true {
            if let end = buffer.firstIndex(of: 10) {
                defer { buffer.removeSubrange(...end) }
                return String(decoding: buffer[..<end], as: UTF8.self).trimmingCharacters(in: ["\r"])
            }
            guard let more = connection.bytes() else { return nil }
            buffer += more
        }
    }
}

extension RawConnection {
    /// The next bytes; nil when the other side has closed.
    package func bytes() -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = read(descriptor, &buffer, buffer.count)
        return count > 0 ? Array(buffer[..<count]) : nil
    }
}
