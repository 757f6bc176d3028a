import Dispatch
import Glibc

/// The signals that the daemon handles, as a stream. After each, the log says repeated troubles in full again.
enum Signals {
    static func stream(_ numbers: [Int32]) -> AsyncStream<Int32> {
        AsyncStream { continuation in
            let sources = numbers.map { number in
                signal(number, SIG_IGN)
                let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
                source.setEventHandler {
                    Log.running?.startAnew()
                    continuation.yield(number)
                }
                source.resume()
                return Held(source)
            }
            continuation.onTermination = { _ in for held in sources { held.source.cancel() } }
        }
    }

    /// `@unchecked Sendable`: a dispatch source may be cancelled from any thread.
    private struct Held: @unchecked Sendable {
        let source: any DispatchSourceSignal
        init(_ source: any DispatchSourceSignal) { self.source = source }
    }
}
