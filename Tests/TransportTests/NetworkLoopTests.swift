import RelayCore
import RelaySupport
import RelayTesting
import Testing

@testable import Transport

/// The thread that drives libcurl runs tasks too, lets them sleep, and ends without losing one.
struct NetworkLoopTests {
    private func withLoop(_ body: (NetworkLoop) async throws -> Void) async throws {
        let loop = NetworkLoop()
        #expect(loop.start())
        try await body(loop)
        loop.stop()
    }

    private actor Counter {
        private(set) var steps: [Bool] = []
        func step(_ loop: NetworkLoop) { steps.append(loop.isCurrent) }
    }

    @Test func `a task that prefers it runs on its thread, with its children and the actors that it calls`() async throws {
        try await withLoop { loop in
            let counter = Counter()
            await withTaskExecutorPreference(loop) {
                #expect(loop.isCurrent)
                await counter.step(loop)
                await withDiscardingTaskGroup { group in
                    for _ in 0..<20 { group.addTask { await counter.step(loop) } }
                }
            }
            #expect(await counter.steps == Array(repeating: true, count: 21))
            #expect(!loop.isCurrent)
        }
    }

    @Test func `sleepers wake in the order of their time, and a cancelled one at once`() async throws {
        try await withLoop { loop in
            let clock = LoopClock(loop), order = Locked<[Int]>([])
            await withTaskExecutorPreference(loop) {
                await withTaskGroup(of: Void.self) { group in
                    for number in [3, 1, 2, 5, 4] {
                        group.addTask {
                            try? await clock.sleep(for: .milliseconds(20 * number))
                            order.withLock { $0.append(number) }
                        }
                    }
                    let sleeper = Task(executorPreference: loop) { try await clock.sleep(for: .seconds(3_600)) }
                    sleeper.cancel()
                    let result = await sleeper.result
                    #expect(throws: CancellationError.self) { try result.get() }
                    await group.waitForAll()
                }
            }
            #expect(order.withLock { $0 } == [1, 2, 3, 4, 5])
        }
    }

    @Test func `many sleepers that are cancelled leave the others in order`() async throws {
        try await withLoop { loop in
            let clock = LoopClock(loop), order = Locked<[Int]>([])
            await withTaskExecutorPreference(loop) {
                let tasks = (0..<60).shuffled().map { number in
                    Task(executorPreference: loop) {
                        guard (try? await clock.sleep(for: .milliseconds(30 + 2 * number))) != nil else { return }
                        order.withLock { $0.append(number) }
                    }
                }
                for task in tasks.prefix(30) { task.cancel() }
                for task in tasks { await task.value }
            }
            let woken = order.withLock { $0 }
            #expect(woken.count == 30 && woken == woken.sorted())
        }
    }

    @Test func `what is left for the end of the turn runs after all that can run now`() async throws {
        try await withLoop { loop in
            let order = Locked<[String]>([])
            await withTaskExecutorPreference(loop) {
                loop.atEndOfTurn { order.withLock { $0.append("end") } }
                await withDiscardingTaskGroup { group in
                    for _ in 0..<3 { group.addTask { order.withLock { $0.append("job") } } }
                }
                while order.withLock({ $0.count < 4 }) { await Task.yield() }
            }
            #expect(order.withLock { $0 } == ["job", "job", "job", "end"])
            loop.atEndOfTurn { order.withLock { $0.append("elsewhere") } }
            #expect(order.withLock { $0.last } == "elsewhere")
        }
    }

    @Test func `a stop wakes sleepers, and what comes later still runs`() async throws {
        let loop = NetworkLoop(), clock = LoopClock(loop)
        #expect(loop.start())
        let sleeper = Task(executorPreference: loop) { try await clock.sleep(for: .seconds(3_600)) }
        try await Task.sleep(for: .milliseconds(50))
        loop.stop()
        let result = await sleeper.result
        #expect(throws: CancellationError.self) { try result.get() }
        let late = Task(executorPreference: loop) { 42 }
        #expect(await late.value == 42)
    }

    @Test func `tasks that never rest do not keep a response waiting`() async throws {
        let server = RawServer { connection, _ in
            guard connection.request() != nil else { return }
            connection.answer()
        }
        defer { server.stop() }
        try await withLoop { loop in
            let client = HTTPClient(on: loop)
            let busy = Task(executorPreference: loop) { while !Task.isCancelled { await Task.yield() } }
            let response = try await client.send(HTTPRequest("GET", Secret("http://127.0.0.1:\(server.port)/")))
            #expect(response.status == 200)
            busy.cancel()
        }
    }
}
