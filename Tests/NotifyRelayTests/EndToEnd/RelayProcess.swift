import Foundation
import Glibc
import RelayCore
import RelayTesting

/// The real binary, as a child of the test. What it says goes into files of its folder, so that it can be read while it runs.
final class RelayProcess: Sendable {
    private let process = Process()
    private let output: URL
    private let errorsFile: URL

    /// The binary under test: `NOTIFY_RELAY_BINARY`, else the debug one beside the test bundle.
    static var binary: URL {
        if let path = ProcessInfo.processInfo.environment["NOTIFY_RELAY_BINARY"] { return URL(fileURLWithPath: path) }
        return URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appendingPathComponent("notify-relay")
    }

    /// - Parameters:
    ///   - input: nil is `/dev/null`.
    ///   - errors: what stands behind stderr; nil is a file, which `errorText` reads.
    ///   - shell: commands of `/bin/sh` before the binary takes its place, such as limits.
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
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardError = try errors ?? FileHandle(forWritingTo: errorsFile)
        try process.run()
        Reaper.watch(process.processIdentifier)
    }

    /// No child outlives a test that failed, nor the tests as a whole.
    deinit {
        if process.isRunning { kill() } else { over() }
    }

    private func over() { Reaper.forget(id) }

    var isRunning: Bool { process.isRunning }

    var id: Int32 { process.processIdentifier }

    var outputText: String { (try? String(contentsOf: output, encoding: .utf8)) ?? "" }

    var errorText: String { (try? String(contentsOf: errorsFile, encoding: .utf8)) ?? "" }

    func send(_ signal: Int32) { Glibc.kill(process.processIdentifier, signal) }

    func kill() {
        send(SIGKILL)
        _ = wait()
    }

    /// Ends it as a service manager would. Returns its exit status.
    func terminate() -> Int32 {
        send(SIGTERM)
        return wait()
    }

    func wait() -> Int32 {
        process.waitUntilExit()
        over()
        return process.terminationStatus
    }

    /// Ends it as a service manager would, without holding a thread.
    func stopped(by signal: Int32 = SIGTERM) async -> Int32? {
        send(signal)
        return await ended()
    }

    /// The exit status, without holding a thread; one that does not end is killed, and nil.
    func ended(within limit: Duration = .seconds(30)) async -> Int32? {
        if await comesTrue(within: limit, { !self.isRunning }) {
            over()
            return process.terminationStatus
        }
        kill()
        return nil
    }
}

/// Asks again and again, in real time, whether something has come true beyond this process. What goes by a manual clock: `eventually`.
func comesTrue(within limit: Duration = .seconds(20), _ condition: () async -> Bool) async -> Bool {
    let deadline = ContinuousClock.now + limit
    while ContinuousClock.now < deadline {
        if await condition() { return true }
        try? await Task.sleep(for: .milliseconds(5))
    }
    return await condition()
}

/// A folder of its own that goes with the test.
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
