import Foundation
import Glibc

/// A measured program, in its own folder.
final class Child {
    let folder: URL
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()

    /// Starts the program.
    ///
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

    /// Its output on stderr so far.
    var log: String { (try? String(contentsOf: folder.appendingPathComponent("stderr.log"), encoding: .utf8)) ?? "" }

    var isRunning: Bool { process.isRunning }

    var cpu: Double { cpuSeconds(String(process.processIdentifier)) }

    /// A value of the proc(5) `status` file in MB, such as `RssAnon` or `VmRSS`.
    func megabytes(_ name: String) -> Double {
        let status = (try? String(contentsOfFile: "/proc/\(process.processIdentifier)/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix(name + ":") } ?? ""
        return (line.split(whereSeparator: \.isWhitespace).compactMap { Double($0) }.first ?? 0) / 1024
    }

    /// Stops the program as a service manager would, and removes its folder.
    /// Its input is closed too: a child of a thread that blocks signals receives none unless it unblocks them.
    @discardableResult
    func end() -> Int32 {
        try? input.fileHandleForWriting.close()
        if process.isRunning { Glibc.kill(process.processIdentifier, SIGTERM) }
        process.waitUntilExit()
        try? FileManager.default.removeItem(at: folder)
        return process.terminationStatus
    }

    /// The number of deliveries that the relay in its folder owes; 0 before it has a store.
    func owed(_ binary: String) throws -> Int {
        let data = try Child(binary, ["status", "--json"], folder: folder).outputAtEnd()
        guard !data.isEmpty else { return 0 }
        let object = try JSONSerialization.jsonObject(with: data) as? [String: Any]
        return object?["owed"] as? Int ?? 0
    }

    /// Waits for the program's end and returns its stdout.
    func outputAtEnd() -> Data {
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return data
    }
}

/// The CPU time in seconds of a process or of `thread-self`, user and system, to a hundredth (proc(5), `stat` fields 14 and 15).
func cpuSeconds(_ process: String) -> Double {
    let stat = (try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)) ?? ""
    let fields = stat.split(separator: ")").last?.split(separator: " ").compactMap { Double($0) } ?? []
    // The state is not a number, so field 4 is the first one here.
    return fields.count > 11 ? (fields[10] + fields[11]) / Double(sysconf(Int32(_SC_CLK_TCK))) : 0
}
