import Pages
import RelayCore
import RelaySupport
import SignIn

/// A page that says why somebody is not signed in, or that they are signed out.
struct SignInPage: Sendable {
    var title: String
    var text: String
    /// Offers to sign in.
    var offersSignIn = true

    static let needsProxy = SignInPage(
        title: "Not signed in", text: "A proxy in front of this relay signs people in, and it did not name you.", offersSignIn: false)
    static let notBegun = SignInPage(
        title: "Not signed in", text: "This sign-in was not begun in this browser, or it took too long. Begin again.")
    static let notFromHere = SignInPage(title: "Not from this page", text: "Open the page again and press there.", offersSignIn: false)
    static let ended = SignInPage(title: "Signed out", text: "Your session has ended. Sign in, open the page again and press there.")
    static let storeFault = SignInPage(
        title: "Not now", text: "This relay cannot read or write its store at the moment. Try again in a minute.", offersSignIn: false)

    static func failed(_ error: SignInError) -> SignInPage { SignInPage(title: "Not signed in", text: "\(error).".sentence) }

    static func stranger(_ email: String) -> SignInPage {
        SignInPage(
            title: "You are not known here",
            text: "You are signed in as \(email.oneLine(most: 100)), and nobody in this relay's configuration has that address.")
    }

    static func signedOut(byProxy: Bool) -> SignInPage {
        SignInPage(
            title: "Signed out",
            text: byProxy
                ? "A proxy signs you in, so you are signed in again with the next page. Sign out there."
                : "You are signed out of this relay. Your sign-in service may still know you.")
    }

    func response(_ status: Int) -> PublicResponse {
        let link: Markup? = offersSignIn ? "<p><a href=\"/sign-in\">Sign in</a></p>" : nil
        var shell = PageShell(
            title: "\(title) · NotifyRelay", style: .inline(.decision), body: "<main><h1>\(title)</h1><p>\(text)</p>\(link)</main>")
        shell.robots = .noIndexNoFollow
        return PublicResponse(status: status, headers: shell.headers, body: Array(shell.html.utf8))
    }
}

extension String {
    fileprivate var sentence: String { prefix(1).uppercased() + dropFirst() }
}
