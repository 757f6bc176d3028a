import RelayTesting
import Testing

@testable import RelayCore

struct RetryAfterTests {
    private let now = Timestamp(seconds: 784_111_777)  // Sun, 06 Nov 1994 08:49:37 GMT

    @Test(arguments: [
        ("120", Duration.seconds(120)), (" 7 ", .seconds(7)), ("0", .seconds(1)), ("0.35", .seconds(1)),
        ("1.5", .milliseconds(1_500)),
        ("2.", .seconds(2)), ("3600", .seconds(3_600)), ("3601", .seconds(3_600)), ("99999999999999999999", .seconds(3_600)),
        ("3599.9999", .seconds(3_600)),
        ("Sun, 06 Nov 1994 08:50:37 GMT", .seconds(60)), ("Sunday, 06-Nov-94 08:50:37 GMT", .seconds(60)),
        ("Sun Nov  6 08:50:37 1994", .seconds(60)), ("Sun, 06 Nov 1994 08:00:00 GMT", .seconds(1)),
        ("Sun, 06 Nov 1995 08:00:00 GMT", .seconds(3_600)), ("Sunday, 06-Nov-44 08:49:37 GMT", .seconds(3_600)),
        ("Sunday, 06-Nov-45 08:49:37 GMT", .seconds(1)),
    ])
    func `a number or a date is a wait within an hour`(header: String, wait: Duration) {
        #expect(RetryAfter.parse(header, now: now) == wait)
    }

    @Test(arguments: [
        "", "-1", "+5", "1e3", "inf", "nan", ".5", "1.2.3", "soon", "0x10", "٣", "1 2", "Sun, 31 Feb 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 25:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 06 Non 1994 08:49:37 GMT", "1994-11-06T08:49:37Z",
        LongText(String(repeating: "Sun, ", count: 50)),
    ])
    func `anything else is no wait`(header: LongText) { #expect(RetryAfter.parse(header.text, now: now) == nil) }
}
