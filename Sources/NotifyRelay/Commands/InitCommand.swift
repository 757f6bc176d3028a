import ArgumentParser
import Channels
import Foundation
import RelayCore
import RelaySupport
import RevKeen
import Transport

struct InitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Writes a first configuration: asks for the key, one destination and a digest.",
        discussion: """
            It asks on a terminal and tries each answer as it goes. With --yes it asks nothing and takes the options; --set gives the keys
            of the destination, such as --set url='${SLACK_WEBHOOK_URL}'. A file that is there already is never replaced.
            Secrets stay out of the file: it names variables of the environment or files.
            """)

    @Option(name: [.short, .long], help: "The file to write (default: $NOTIFY_RELAY_CONFIG, else ./relay.yaml).") var config: String?
    @Flag(help: "Ask nothing.") var yes = false
    @Option(help: "Where the API key is: NAME of a variable, or /path of a file.") var key = "REVKEEN_API_KEY"
    @Option(help: "The type of the destination.") var type = "slack"
    @Option(name: .customLong("set"), help: "A key of the destination, as KEY=VALUE.") var settings: [String] = []
    @Option(help: "The time of the daily digest, or none.") var digest = "08:00"
    @Option(help: "The time zone (default: this machine's).") var timeZone: String?
    @Option(help: "The address of the pages to decide on.") var publicURL: String?

    func run() async throws {
        let path = config ?? ProcessInfo.processInfo.environment["NOTIFY_RELAY_CONFIG"] ?? "relay.yaml"
        guard !FileManager.default.fileExists(atPath: path) else {
            Terminal.complain("\(path) is there already, and is not replaced; name another file by --config")
            throw ExitCode.usage
        }
        let file = yes ? try fromOptions() : try await fromDialogue()
        let wrong = Self.problems(of: file.text, at: path)
        guard wrong.isEmpty else {
            for problem in wrong { Terminal.complain(problem.description) }
            Terminal.complain("nothing is written, because no environment would make this right")
            throw ExitCode.usage
        }
        try write(file.text, to: path)
        let (configuration, problems) = Configuration.load(path: path, environment: ProcessInfo.processInfo.environment)
        for problem in problems + [configuration?.lackOfWayToDecide].compactMap(\.self) { Terminal.say(problem.description) }
        Terminal.say(
            """
            \(Terminal.paint("\(path) is written", .green)). Next:
              notify-relay check --connect --config \(path)   # is it right, and does everybody answer?
              notify-relay send-test \(file.destination) --config \(path)     # one labelled sample
              notify-relay run --config \(path)               # the daemon
            """)
    }

    /// What would be wrong with the file wherever it is read. That a variable or a file is not here is no such thing.
    static func problems(of text: String, at path: String) -> [Problem] {
        let (_, problems) = Configuration.load(
            text: text, file: path, folder: FileManager.default.currentDirectoryPath,
            environment: ProcessInfo.processInfo.environment, readFile: TextFile.read)
        return problems.filter { !$0.isWarning && !$0.isOfEnvironment }
    }

    private var zone: String { timeZone ?? TimeZone.current.identifier }

    private func fromOptions() throws -> StarterFile {
        guard let reference = StarterFile.Reference(key) else {
            throw ValidationError("--key is the name of a variable in capitals or the path of a file, and not the key itself")
        }
        guard Catalogue.type(named: type) != nil else {
            throw ValidationError("--type is one of \(Catalogue.types.map(\.name).joined(separator: ", "))")
        }
        var file = StarterFile(key: reference, type: type, timeZone: zone, publicURL: publicURL)
        for setting in settings {
            guard let equals = setting.firstIndex(of: "="), setting[..<equals].wholeMatch(of: /[a-z_]+/) != nil else {
                throw ValidationError("--set is KEY=VALUE, as in --set channel='#ops'")
            }
            let key = String(setting[..<equals])
            guard key != "type", !file.values.contains(where: { $0.key == key }) else {
                throw ValidationError("--set gives \(key) twice; --type gives the type")
            }
            file.values.append((key, String(setting[setting.index(after: equals)...])))
        }
        let lacking = ConfigurationSchema().needs(ofType: type).map(\.key).filter { key in !file.values.contains { $0.key == key } }
        guard lacking.isEmpty || !settings.isEmpty && type == "slack" else {
            throw ValidationError("a destination of type \(type) needs \(lacking.map { "--set \($0)=…" }.joined(separator: " "))")
        }
        guard digest == "none" || DailyTime(digest) != nil else { throw ValidationError("--digest is a time such as 08:00, or none") }
        file.digestAt = digest == "none" ? nil : digest
        return file
    }

    private func fromDialogue() async throws -> StarterFile {
        guard isatty(STDIN_FILENO) == 1 else {
            Terminal.complain("init asks on a terminal; elsewhere say --yes, with the answers as options")
            throw ExitCode.usage
        }
        let dialogue = InitDialogue(
            ask: { question in
                Terminal.prompt(question)
                return readLine()?.trimmed
            }, say: Terminal.say)
        do {
            return try await asked(dialogue)
        } catch is InitDialogue.Ended {
            Terminal.say("\nnothing is written")
            throw ExitCode.usage
        }
    }

    private func asked(_ dialogue: InitDialogue) async throws -> StarterFile {
        var file = StarterFile()
        file.key = try dialogue.key()
        await tryAccount(file.key)
        file.type = try dialogue.type()
        file.values = try dialogue.values(of: file.type)
        await tryDestination(file)
        file.digestAt = try dialogue.digestAt()
        file.timeZone = file.digestAt == nil ? zone : try dialogue.timeZone(default: zone)
        file.publicURL = try dialogue.publicURL()
        return file
    }

    /// Asks RevKeen with the key, if it is here. What does not answer is said, and the dialogue goes on.
    private func tryAccount(_ reference: StarterFile.Reference) async {
        guard let key = secret(reference) else { return Terminal.say("   not tried: \(reference.written) gives nothing here") }
        guard case .success(let account) = RevKeenAccount.make(name: "live", key: key, baseURL: nil, network: NetworkOptions()) else {
            return say(Finding(ok: false, "this is no key of RevKeen"))
        }
        let tools = Tools()
        defer { tools.end() }
        let budget = RequestBudget(setting: .none, hostLimit: nil, clock: tools.clock)
        let client = RevKeenClient(account: account, transport: tools.http, budget: budget, clock: tools.clock)
        do {
            _ = try await client.automations(limit: 1)
            say(Finding(ok: true, "RevKeen answers"))
        } catch {
            say(Finding(ok: false, error.description))
        }
    }

    private func secret(_ reference: StarterFile.Reference) -> Secret? {
        let text =
            switch reference {
            case .variable(let name): ProcessInfo.processInfo.environment[name]
            case .file(let path): TextFile.read(path)?.trimmed
            }
        return text.flatMap { $0.isEmpty ? nil : Secret($0) }
    }

    /// Makes a harmless request to the destination, if its secrets are here.
    private func tryDestination(_ file: StarterFile) async {
        let problems = ProblemList()
        let reader = Configuration.reader(
            text: file.text, file: "the answers", folder: FileManager.default.currentDirectoryPath,
            environment: ProcessInfo.processInfo.environment, readFile: TextFile.read, problems)
        let settings = reader?.read().destinations.first
        // The key of the account is another answer's matter.
        if let problem = problems.errors.first(where: { !$0.problem.contains("api_key") && $0.place.line > Self.lineOfKey }) {
            return Terminal.say("   not tried: \(problem.problem)")
        }
        let tools = Tools()
        defer { tools.end() }
        guard let settings, let destination = Generation.destination(of: settings, claimsAhead: false, tools: tools.channel) else { return }
        for finding in await destination.channel.connect() { say(finding) }
    }

    /// The line of the file that names the key of the account.
    private static let lineOfKey = 6

    private func say(_ finding: Finding) {
        let mark = finding.ok == false ? Terminal.paint("bad", .red) : finding.ok == true ? Terminal.paint("ok ", .green) : " - "
        Terminal.say("   \(mark) \(finding.text)")
    }

    /// Writes a new file that only its owner and group can read.
    private func write(_ text: String, to path: String) throws {
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o640)
        guard file >= 0 else {
            Terminal.complain("\(path) cannot be written: \(String(cString: strerror(errno)))")
            throw ExitCode.ioError
        }
        defer { close(file) }
        guard Terminal.write(text, to: file) == .all else {
            Terminal.complain("\(path) cannot be written whole")
            throw ExitCode.ioError
        }
    }
}
