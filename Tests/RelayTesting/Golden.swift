import Foundation
import RelayCore
import RelaySupport
package import Testing

/// Compares a text with a file in the folder `Golden` beside the calling test.
///
/// `RECORD_GOLDEN=1` writes the file and fails the run, so that a recording never counts as a pass.
package func expectGolden(
    _ text: String, _ name: String, testFile: String = #filePath, sourceLocation: SourceLocation = #_sourceLocation
) {
    let file = URL(fileURLWithPath: testFile).deletingLastPathComponent().appendingPathComponent("Golden/\(name)")
    if ProcessInfo.processInfo.environment["RECORD_GOLDEN"] == "1" {
        try? FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        #expect(throws: Never.self, sourceLocation: sourceLocation) { try Data(text.utf8).write(to: file) }
        Issue.record("recorded \(name); run again without RECORD_GOLDEN", sourceLocation: sourceLocation)
        return
    }
    guard let data = try? Data(contentsOf: file) else {
        Issue.record("no golden file \(name); RECORD_GOLDEN=1 writes it", sourceLocation: sourceLocation)
        return
    }
    #expect(text == String(decoding: data, as: UTF8.self), "differs from Golden/\(name)", sourceLocation: sourceLocation)
}

/// Compares a JSON document that leaves the process with a golden file, which holds it indented so that a difference can be read.
///
/// The bytes matter too: the document must be the canonical text of its value, that is without white space and with sorted members. So
/// the golden file and this rule together determine every byte.
package func expectGolden(
    json document: String, _ name: String, testFile: String = #filePath, sourceLocation: SourceLocation = #_sourceLocation
) {
    do {
        let value = try JSONValue(parsing: Array(document.utf8))
        #expect(value.text == document, "\(name) is not the canonical text of its value", sourceLocation: sourceLocation)
        expectGolden(value.indented() + "\n", name, testFile: testFile, sourceLocation: sourceLocation)
    } catch {
        Issue.record("\(name) is no JSON: \(error)", sourceLocation: sourceLocation)
    }
}
