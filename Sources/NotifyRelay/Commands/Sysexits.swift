import ArgumentParser
import Dedup

/// The exit codes of commands, from sysexits(3).
extension ExitCode {
    /// The arguments of the command are wrong.
    static let usage = ExitCode(64)
    /// Something that the command names does not exist.
    static let noInput = ExitCode(66)
    /// Another service did not respond.
    static let unavailable = ExitCode(69)
    /// The store cannot be used.
    static let ioError = ExitCode(74)
    /// Another relay holds the store; trying again later may succeed.
    static let temporary = ExitCode(75)
    /// The key lacks a scope.
    static let noPermission = ExitCode(77)
    /// The configuration is wrong.
    static let config = ExitCode(78)
}

extension ExitCode {
    /// Explains errors that the parser does not know and returns their code. The parser explains all others.
    static func said(_ error: any Error) -> any Error {
        switch error {
        case let error as LedgerError:
            Terminal.complain(error.detail)
            return code(of: error)
        case let error as ListenError:
            Terminal.complain(error.description)
            return unavailable
        default: return error
        }
    }

    static func code(of error: LedgerError) -> ExitCode {
        switch error.reason {
        case .missing: noInput
        case .busy, .fenced: temporary
        case .unreachable: unavailable
        case .refused, .older, .newer, .foreign, .untrusted, .corrupt, .readOnly, .full, .io, .closed: ioError
        }
    }
}
