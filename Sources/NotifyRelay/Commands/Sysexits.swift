import ArgumentParser

/// How commands end, by sysexits(3).
extension ExitCode {
    /// The words of the command are wrong.
    static let usage = ExitCode(64)
    /// What was named is not there.
    static let noInput = ExitCode(66)
    /// Somebody else did not answer.
    static let unavailable = ExitCode(69)
    /// The store cannot be used.
    static let ioError = ExitCode(74)
    /// Another relay holds the store; later it may not.
    static let temporary = ExitCode(75)
    /// The key lacks a scope.
    static let noPermission = ExitCode(77)
    /// The configuration is wrong.
    static let config = ExitCode(78)
}
