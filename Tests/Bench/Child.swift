import Foundation
import Glibc

/// A program under measurement, in a folder of its own.
final class Child {
    let folder: URL
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()

    /// - Parameter configuration: written as `relay.yaml` into the folder.
    init(_ binary: String, _ arguments: [String], configuration: String = "", folder: URL? = nil) throws {
        self.folder = folder ?? FileManager.default.temporaryDirectory.appendingPathComponent("relay-bench-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: self.folder, withIntermediateDirectories: true)
        if !configuration.isEmpty { try Data(configuration.utf8).write(to: self.folder.appendingPathComponent("relay.yaml")) }
        let log = self.folder.appendingPathComponent("stderr.log")
        _ = FileManager.default.createFile(atPath: log.path, contents: nil)
        process.executableURL = URL(fileURLWithPath: binary)
        process.arguments = arguments
        process.currentDirectoryURL = self.folder
        process.standardInput = input
        process.standardOutput = output
        process.standardError = try FileHandle(forWritingTo: log)
        try process.run()
    }

    /// What it said on stderr so far.
    var log: String { (try? String(contentsOf: folder.appendingPathComponent("stderr.log"), encoding: .utf8)) ?? "" }

    var isRunning: Bool { process.isRunning }

    var cpu: Double { cpuSeconds(String(process.processIdentifier)) }

    /// A line of proc(5) `status` in MB: `RssAnon`, `VmRSS`.
    func megabytes(_ name: String) -> Double {
        let status = (try? String(contentsOfFile: "/proc/\(process.processIdentifier)/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix(name + ":") } ?? ""
        return (line.split(whereSeparator: \.isWhitespace).compactMap { Double($0) }.first ?? 0) / 1024
    }

    /// Ends it as a service manager would, and removes its folder. Its input ends too: a child of a thread that blocks signals
    /// hears none unless it asks for them.
    @discardableResult
    func end() -> Int32 {
        try? input.fileHandleForWriting.close()
        if process.isRunning { Glibc.kill(process.processIdentifier, SIGTERM) }
        process.waitUntilExit()
        try? FileManager.default.removeItem(at: folder)
        return process.terminationStatus
    }

    /// How many deliveries the relay in its folder owes; none before it has a store.
    func owed(_ binary: String) throws -> Int {
        let data = try Child(binary, ["status", "--json"], folder: folder).outputAtEnd()
        guard !data.isEmpty else { return 0 }
        let object = try JSONSerialization.jsonObject(with: data) as? [String: Any]
        return object?["owed"] as? Int ?? 0
    }

    /// Waits for its end and gives its stdout.
    func outputAtEnd() -> Data {
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return data
    }
}

/// Of a process or of `thread-self`, user and system, to a hundredth (proc(5), `stat` fields 14 and 15).
func cpuSeconds(_ process: String) -> Double {
    let stat = (try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)) ?? ""
    let fields = stat.split(separator: ")").last?.split(separator: " ").compactMap { Double($0) } ?? []
    // The state is no number, so field 4 is the first here.
    return fields.count > 11 ? (fields[10] + fields[11]) / Double(sysconf(Int32(_SC_CLK_TCK))) : 0
}
