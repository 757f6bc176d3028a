import Dedup
import Pages
import Policy
import RelayCore
import RelaySupport

/// Pages that are open in a browser and are kept up to date.
extension DeskSite {
    /// The changes of a page that is open in a browser; nil if the reader may not see it, or if too many pages are open.
    func changes(of request: PublicRequest) async -> LiveStream? {
        guard let live, request.segments == ["live"], refusal(of: request) == nil, let target = SignInDoor.local(request.query["page"])
        else { return nil }
        let halves = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        var shown = request
        shown.segments = halves[0].split(separator: "/").map { percentDecoded($0) }
        shown.query = PublicRequest.fields(halves.count > 1 ? halves[1] : "")
        guard Self.isOfDesk(shown.segments), shown.segments != ["live"] else { return nil }
        let key = LivePages.Key(target: target, audience: await audience(of: shown))
        let reader = LivePages.Reader(
            request: shown, mark: Self.formPlace(shown.segments).flatMap { mark($0, shown) },
            // A browser that connects again names the last event that it got.
            shown: request.header("last-event-id") ?? request.query["shown"])
        guard let (id, contents) = await live.contents(for: reader, of: key) else { return nil }
        return LiveStream(pages: live, id: id, key: key, contents: contents, mark: reader.mark)
    }

    private func audience(of request: PublicRequest) async -> LivePages.Audience {
        guard forms != nil, let person = request.visitor.person else { return .everybody }
        if request.segments.first == "approvals", request.segments.count == 3 { return .person(person.name) }
        let routes = await reader.current().generation.router.routes(approvedBy: person.name)
        return .people(routes: routes, areOperators: person.isOperator)
    }

    /// The content of a page for all who have it open, with a placeholder where the marks of forms belong.
    func content(_ request: PublicRequest, placeholder: String) async -> LivePages.Content {
        var request = request
        request.markPlaceholder = placeholder
        do throws(LedgerError) {
            return try await page(request).map { .shown($0.content.html) } ?? .gone
        } catch {
            return .unknown
        }
    }

    /// Whether a reader who has a page open is still signed in as who they were. A store that cannot be read changes nothing.
    ///
    /// - Parameter door: nil where everybody may look.
    static func mayLook(_ request: PublicRequest, door: SignInDoor?) async -> Bool {
        guard let door else { return true }
        do throws(LedgerError) {
            return try await door.visitor(request).visitor.person == request.visitor.person
        } catch {
            return true
        }
    }
}
