import Foundation
import Glibc
import RelayCore
import RelaySupport
import RelayTesting

/// The real binary as a child process of the test. Its output goes to files in its folder, so that a test can read it while it runs.
final class RelayProcess: Sendable {
    private let process = Process()
    private let output: URL
    private let errorsFile: URL

    /// The binary under test: `NOTIFY_RELAY_BINARY`, or else the debug build beside the test bundle.
    static var binary: URL {
        if let path = ProcessInfo.processInfo.environment["NOTIFY_RELAY_BINARY"] { return URL(fileURLWithPath: path) }
        return URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appendingPathComponent("notify-relay")
    }

    /// - Parameters:
    ///   - input: the standard input; nil means `/dev/null`.
    ///   - errors: the standard error; nil means a file, which `errorText` reads.
    ///   - shell: commands that `/bin/sh` runs before it becomes the binary, such as limits.
    init(
        _ arguments: [String], in folder: URL, environment: [String: String] = [:], input: FileHandle? = nil, errors: FileHandle? = nil,
        shell: String? = nil
    ) throws {
        let id = UUID().uuidString
        output = folder.appendingPathComponent("stdout-\(id).log")
        errorsFile = folder.appendingPathComponent("stderr-\(id).log")
        for file in [output, errorsFile] { _ = FileManager.default.createFile(atPath: file.path, contents: nil) }
        process.executableURL = shell == nil ? Self.binary : URL(fileURLWithPath: "/bin/sh")
        process.arguments = shell.map { ["-c", "\($0); exec \"$0\" \"$@\"", Self.binary.path] + arguments } ?? arguments
        process.currentDirectoryURL = folder
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = input ?? FileHandle.nullDevice
        let ours = try FileHandle(forWritingTo: output), oursOfErrors = try FileHandle(forWritingTo: errorsFile)
        process.standardOutput = ours
        process.standardError = errors ?? oursOfErrors
        // The child has its own. A test run starts a thousand children, and a process may have 1,024 open files.
        defer { for file in [ours, oursOfErrors] { try? file.close() } }
        try process.run()
        Reaper.shared?.watch(process.processIdentifier)
    }

    /// Kills a child that still runs after a test has failed.
    deinit {
        if process.isRunning { send(SIGKILL) }
        over()
    }

    private func over() { Reaper.shared?.forget(id) }

    var isRunning: Bool { process.isRunning }

    var id: Int32 { process.processIdentifier }

    var outputText: String { (try? String(contentsOf: output, encoding: .utf8)) ?? "" }

    var errorText: String { (try? String(contentsOf: errorsFile, encoding: .utf8)) ?? "" }

    func send(_ signal: Int32) { Glibc.kill(process.processIdentifier, signal) }

    func kill() {
        send(SIGKILL)
        _ = wait()
    }

    /// Sends SIGTERM, as a service manager does, and returns the exit status.
    func terminate() -> Int32 {
        send(SIGTERM)
        return wait()
    }

    func wait() -> Int32 {
        process.waitUntilExit()
        over()
        return process.terminationStatus
    }

    /// Sends a signal, as a service manager does, and returns the exit status. It blocks no thread while it waits.
    func stopped(by signal: Int32 = SIGTERM) async -> Int32? {
        send(signal)
        return await ended()
    }

    /// Waits for the end and returns the exit status. A child that does not end in time is killed, and the result is nil.
    func ended(within limit: Duration = .seconds(30)) async -> Int32? {
        if await comesTrue(within: limit, { !self.isRunning }) {
            over()
            return process.terminationStatus
        }
        kill()
        return nil
    }
}

/// Waits, in real time, until a condition outside this process is true. For conditions that depend on a manual clock there is `eventually`.
func comesTrue(within limit: Duration = .seconds(20), _ condition: () async -> Bool) async -> Bool {
    let deadline = ContinuousClock.now + limit
    while ContinuousClock.now < deadline {
        if await condition() { return true }
        try? await Task.sleep(for: .milliseconds(5))
    }
    return await condition()
}

/// A temporary folder that is removed with this object.
final class Workplace: Sendable {
    let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("notify-relay-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    func write(_ text: String, to name: String) throws { try write(bytes: Data(text.utf8), to: name) }

    func write(bytes: Data, to name: String) throws { try bytes.write(to: folder.appendingPathComponent(name)) }

    func bytes(of name: String) throws -> Data { try Data(contentsOf: folder.appendingPathComponent(name)) }

    func has(_ name: String) -> Bool { FileManager.default.fileExists(atPath: folder.appendingPathComponent(name).path) }
}
