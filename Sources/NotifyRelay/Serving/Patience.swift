/// The result of work that cannot be ended from outside, such as waiting for a store; nil if it takes longer than `limit`. The work then goes
/// on without its caller.
func result<Value: Sendable>(within limit: Duration, of work: @escaping @Sendable () async -> Value) async -> Value? {
    let (first, results) = AsyncStream.makeStream(of: Value?.self, bufferingPolicy: .bufferingOldest(1))
    let timer = Task {
        try? await ContinuousClock().sleep(for: limit)
        results.yield(nil)
    }
    Task { results.yield(await work()) }
    defer { timer.cancel() }
    for await result in first { return result }
    return nil
}
