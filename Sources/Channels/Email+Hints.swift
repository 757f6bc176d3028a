import RelayCore
import RelaySupport
import Transport

extension EmailChannel {
    /// The verdict on a reply, with what a person can do about a refused login, and without the password.
    ///
    /// The server knows the password and could repeat it in a reply, so it is masked.
    func judged(_ response: MailResponse) -> DeliveryError? {
        guard var error = judge(response) else { return nil }
        if let hint = hint(for: response) { error.detail += "; \(hint)" }
        error.detail = masked(error.detail)
        return error
    }

    /// What the dialogue shows about a login.
    private func hint(for response: MailResponse) -> String? {
        guard server.username != nil, (500...599).contains(response.code) else { return nil }
        if !response.wasLoginSent {
            guard response.code == 530, response.offeredLogins.isEmpty else { return nil }
            return "the server offers no login here, and the password was not tried"
        }
        guard response.stage == .login, server.loginOptions == nil, response.offeredLogins.count > 1 else { return nil }
        let ways = response.offeredLogins.prefix(6).map { $0.filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") } }
        return "it offers \(ways.joined(separator: " ")): if only one of them works, name it, such as login_options: AUTH=PLAIN"
    }

    func masked(_ text: String) -> String {
        guard let password = server.password, !password.isEmpty else { return text }
        return text.replacing(password.reveal(), with: password.description)
    }
}
