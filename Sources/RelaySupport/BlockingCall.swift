import Dispatch
import Glibc

/// Calls that may block: on the disk, on a reader, on another process. One thread runs the network and most of the program beside it, so a
/// call that blocks there would delay every message.
package enum BlockingCall {
    #if DEBUG
        /// The threads that must not block have a value for this key.
        private static let key = {
            var key = pthread_key_t()
            pthread_key_create(&key, nil)
            return key
        }()
    #endif

    /// Notes that the calling thread must not block from now on. Debug builds check it.
    package static func forbidOnThisThread() {
        #if DEBUG
            pthread_setspecific(key, UnsafeRawPointer(bitPattern: 1))
        #endif
    }

    /// Called before a call that may block. In a debug build it ends the program on a thread that must not block.
    package static func begins() {
        #if DEBUG
            precondition(pthread_getspecific(key) == nil, "a call that may block is on a thread that must not block")
        #endif
    }

    /// Runs work that may block, or that takes long, on a thread that may wait.
    package static func run<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { done in DispatchQueue.global().async { done.resume(returning: work()) } }
    }
}
