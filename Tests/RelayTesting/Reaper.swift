import Foundation
import Glibc
import RelayCore

/// Kills child processes when this process ends, however it ends.
///
/// A shell reads the children's ids from a pipe. Only this process has the other end, so the pipe ends with this process, and the shell
/// kills the children that are left. `PR_SET_PDEATHSIG` would not do: it acts when the thread ends that started the child.
package enum Reaper {
    package static func watch(_ child: Int32) { tell("+ \(child)\n") }

    /// The child has ended, so its id may be given to another process.
    package static func forget(_ child: Int32) { tell("- \(child)\n") }

    private static func tell(_ line: String) {
        let line = Array(line.utf8)
        input.withLock { _ = write($0, line, line.count) }
    }

    /// The end of the pipe that is written to; -1 if the shell could not be started.
    private static let input = Locked<Int32>(start() ?? -1)

    private static func start() -> Int32? {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return nil }
        // Else another child would keep the pipe open.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let shell = Process()
        shell.executableURL = URL(fileURLWithPath: "/bin/sh")
        shell.arguments = ["-c", script]
        shell.standardInput = FileHandle(fileDescriptor: ends[0], closeOnDealloc: true)
        shell.standardOutput = FileHandle.nullDevice
        shell.standardError = FileHandle.nullDevice
        return (try? shell.run()) == nil ? nil : ends[1]
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
