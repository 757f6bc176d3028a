import Hummingbird
import HummingbirdCore
import NIOCore
import ServiceLifecycle

/// The changes of one open page, as server-sent events.
/// Source: https://html.spec.whatwg.org/multipage/server-sent-events.html
struct LiveStream: Sendable {
    let pages: LivePages
    let id: Int
    let key: LivePages.Key
    let contents: AsyncStream<LiveContent>
    /// The mark of the forms of the page in this reader's browser.
    let mark: String?

    /// The response that stays open. It ends with the connection, with the program, and after some time by itself.
    func response(to request: Request) -> Response {
        var headers = HTTPFields()
        headers[.contentType] = "text/event-stream"
        headers[.cacheControl] = "no-store"
        headers[.xContentTypeOptions] = "nosniff"
        let body = ResponseBody { writer in
            try await writer.write(ByteBuffer(string: "retry: 1000\n\n"))
            do {
                try await request.body.consumeWithCancellationOnInboundClose { _ in
                    for await content in contents.cancelOnGracefulShutdown() {
                        try await writer.write(ByteBuffer(string: content.event(mark: mark)))
                    }
                }
            } catch {
                await pages.leave(id, key)
                throw error
            }
            await pages.leave(id, key)
            try await writer.finish(nil)
        }
        return Response(status: .ok, headers: headers, body: body)
    }
}
