package import Sandbox

extension Inbox {
    /// Waits until a number of messages have been accepted.
    ///
    /// - Returns: false if the task was cancelled before that.
    @discardableResult
    package func waitForCount(_ wanted: Int) async -> Bool {
        for await count in counts() where count >= wanted { return true }
        return false
    }
}
