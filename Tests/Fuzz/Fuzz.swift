import Foundation

@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<CInt>, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ one: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// Runs one fuzzer with libFuzzer. The environment variable `FUZZ` names it, and the arguments are libFuzzer's.
/// Without a name it lists them all.
@main
enum Fuzz {
    nonisolated(unsafe) private static var target: @Sendable ([UInt8]) -> Void = { _ in }

    static func main() {
        guard let name = ProcessInfo.processInfo.environment["FUZZ"] else { return print(all.keys.sorted().joined(separator: "\n")) }
        guard let fuzzer = all[name] else { fatalError("no fuzzer is called \(name)") }
        target = fuzzer
        var count = CommandLine.argc
        var arguments = CommandLine.unsafeArgv
        exit(
            runDriver(&count, &arguments) { bytes, length in
                Fuzz.target(Array(UnsafeBufferPointer(start: bytes, count: length)))
                return 0
            })
    }

    /// Every fuzzer by its name, which is also the name of its folder in `corpus`.
    private static let all: [String: @Sendable ([UInt8]) -> Void] = documents.merging(messages) { $1 }.merging(words) { $1 }
}

/// Ends the process, as libFuzzer wants it, if a promise does not hold.
func promise(_ holds: Bool, _ words: @autoclosure () -> String) {
    guard !holds else { return }
    fatalError("a promise is broken: \(words())")
}

extension [UInt8] {
    var text: String { String(decoding: self, as: UTF8.self) }

    /// The bytes before and after the first zero.
    var halves: (first: [UInt8], second: [UInt8]) {
        guard let zero = firstIndex(of: 0) else { return (self, []) }
        return (Array(self[..<zero]), Array(self[(zero + 1)...]))
    }
}
