import Foundation
import Glibc

/// Kills child processes when this process ends, however it ends.
///
/// A shell reads the children's ids from a pipe. Only this process has the other end, so the pipe ends with this process, and the shell
/// kills the children that are left. `PR_SET_PDEATHSIG` would not do: it acts when the thread ends that started the child.
package final class Reaper: Sendable {
    /// The reaper of this process; nil if the shell cannot be started.
    package static let shared = try? Reaper()

    private let input: Int32

    package init() throws {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw POSIXError(.EMFILE) }
        // Otherwise another child would keep the pipe open.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        input = ends[1]
        let shell = Process()
        shell.executableURL = URL(fileURLWithPath: "/bin/sh")
        shell.arguments = ["-c", Self.script]
        shell.standardInput = FileHandle(fileDescriptor: ends[0], closeOnDealloc: true)
        shell.standardOutput = FileHandle.nullDevice
        shell.standardError = FileHandle.nullDevice
        try shell.run()
    }

    /// Kills the children that are left.
    deinit { close(input) }

    package func watch(_ child: Int32) { tell("+ \(child)\n") }

    /// Tells the shell that the child has ended, because its id may now be given to another process.
    package func forget(_ child: Int32) { tell("- \(child)\n") }

    /// A line is shorter than `PIPE_BUF`, so lines of several threads do not mix.
    private func tell(_ line: String) {
        let line = Array(line.utf8)
        _ = write(input, line, line.count)
    }

    /// A terminal sends its signals to all processes of a test run; the shell outlives them to do its work.
    private static let script = """
        trap '' INT TERM HUP
        left=' '
        while read -r sign child; do
            case $sign in
                +) left="$left$child " ;;
                -) case $left in *" $child "*) left="${left%%" $child "*} ${left#*" $child "}" ;; esac ;;
            esac
        done
        for child in $left; do kill -9 "$child"; done
        """
}
