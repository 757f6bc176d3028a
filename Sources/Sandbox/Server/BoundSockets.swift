import Logging
import ServiceLifecycle

/// Holds the task that serves the sockets, from `start()` to `stop()`.
///
/// This task is not a child of its starter, because a test needs the sockets after `start()` has returned. `stop()` ends the task.
actor BoundSockets {
    private enum Phase {
        case idle
        /// The sockets are being opened.
        /// The continuations are those of every caller after the first.
        case starting([CheckedContinuation<SandboxAddresses, any Error>])
        case running(Task<Void, any Error>, SandboxAddresses)
    }

    private let site: SandboxSite
    private let options: SandboxServer.Options
    private let logger: Logger
    private var phase = Phase.idle

    init(site: SandboxSite, options: SandboxServer.Options, logger: Logger) {
        self.site = site
        self.options = options
        self.logger = logger
    }

    func start() async throws -> SandboxAddresses {
        switch phase {
        case .running(_, let addresses): return addresses
        case .starting(let waiting):
            return try await withCheckedThrowingContinuation { phase = .starting(waiting + [$0]) }
        case .idle: return try await startFirst()
        }
    }

    private func startFirst() async throws -> SandboxAddresses {
        phase = .starting([])
        let (ports, report) = AsyncThrowingStream.makeStream(of: Bound.self)
        let task = Task { [site, options, logger] in
            do {
                try await Self.serve(site, options, logger, report)
                report.finish()
            } catch {
                report.finish(throwing: error)
                throw error
            }
        }
        do {
            let addresses = try await Self.addresses(from: ports, host: options.host)
            tell(.success(addresses), phase: .running(task, addresses))
            return addresses
        } catch {
            task.cancel()
            tell(.failure(error), phase: .idle)
            throw error
        }
    }

    private func tell(_ result: Result<SandboxAddresses, any Error>, phase next: Phase) {
        if case .starting(let waiting) = phase { for waiter in waiting { waiter.resume(with: result) } }
        phase = next
    }

    func stop() async {
        guard case .running(let task, _) = phase else { return }
        task.cancel()
        _ = await task.result
        phase = .idle
    }

    private enum Bound: Sendable { case http(Int), smtp(Int) }

    private static func serve(
        _ site: SandboxSite, _ options: SandboxServer.Options, _ logger: Logger,
        _ report: AsyncThrowingStream<Bound, any Error>.Continuation
    ) async throws {
        let http = try site.server(host: options.host, port: options.httpPort, logger: logger) { report.yield(.http($0)) }
        let smtp = SMTPSink(inbox: site.inbox, host: options.host, port: options.smtpPort) { report.yield(.smtp($0)) }
        try await ServiceGroup(services: [http, smtp], logger: logger).run()
    }

    private static func addresses(from ports: AsyncThrowingStream<Bound, any Error>, host: String) async throws -> SandboxAddresses {
        var addresses = SandboxAddresses(host: host, httpPort: 0, smtpPort: 0)
        for try await bound in ports {
            switch bound {
            case .http(let port): addresses.httpPort = port
            case .smtp(let port): addresses.smtpPort = port
            }
            if addresses.httpPort != 0 && addresses.smtpPort != 0 { return addresses }
        }
        throw CancellationError()
    }
}
