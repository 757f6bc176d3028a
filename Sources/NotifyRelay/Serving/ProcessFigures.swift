import Foundation

/// What the system says about this process, as every Prometheus client shows it. A figure that cannot be read is nil.
/// Source: proc(5).
struct ProcessFigures: Sendable, Equatable {
    var cpuSeconds: Double?
    var residentBytes: Double?
    var virtualBytes: Double?
    var openFiles: Double?
    var mostFiles: Double?
    var startSeconds: Double?

    static func now() -> ProcessFigures {
        var figures = ProcessFigures()
        let ticks = Double(sysconf(Int32(_SC_CLK_TCK))), page = Double(sysconf(Int32(_SC_PAGESIZE)))
        // The program's name stands in parentheses and may hold anything. The fields after it are numbered from 3.
        if let stat = read("/proc/self/stat"), let end = stat.lastIndex(of: ")") {
            let fields = stat[stat.index(after: end)...].split(separator: " ")
            func field(_ number: Int) -> Double? { fields.count > number - 3 ? Double(fields[number - 3]) : nil }
            if let user = field(14), let system = field(15) { figures.cpuSeconds = (user + system) / ticks }
            figures.virtualBytes = field(23)
            figures.residentBytes = field(24).map { $0 * page }
            if let started = field(22), let boot = bootSeconds() { figures.startSeconds = boot + started / ticks }
        }
        figures.openFiles = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")).map { Double($0.count) }
        var limit = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 { figures.mostFiles = Double(limit.rlim_cur) }
        return figures
    }

    /// When the machine started. /proc/stat would say it too, but a service manager may hide it (`ProcSubset=pid`).
    private static func bootSeconds() -> Double? {
        var wall = timespec(), sinceBoot = timespec()
        guard clock_gettime(CLOCK_REALTIME, &wall) == 0, clock_gettime(CLOCK_BOOTTIME, &sinceBoot) == 0 else { return nil }
        return Double(wall.tv_sec - sinceBoot.tv_sec) + Double(wall.tv_nsec - sinceBoot.tv_nsec) / 1e9
    }

    private static func read(_ path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }
}
