import CHeap
import Glibc

/// The settings of the C library's heap, which Swift uses, and what the start needed and nothing else does.
enum Heap {
    /// Makes the heap give freed memory back soon. By default each thread fills an area of its own and keeps what it once needed, so that
    /// one large answer would stay in memory several times. Buffers over 64 KB are kept out of the areas.
    static func keepLittle() { relay_heap_keep_little(2, 64 * 1024) }

    /// Gives back the pages of code that only the start needed: reading the configuration, checking it, opening the store. What is used is read
    /// again from the file, of which the system keeps what others use.
    static func giveBackStart() {
        for part in unchangedFileParts() {
            madvise(UnsafeMutableRawPointer(bitPattern: part.lowerBound), Int(part.count), MADV_DONTNEED)
        }
    }

    /// The parts of the memory that are read-only and are as they stand in their files (proc(5), `/proc/pid/smaps`). Empty if that cannot be
    /// read.
    private static func unchangedFileParts() -> [Range<UInt>] {
        guard let file = fopen("/proc/self/smaps", "re") else { return [] }
        defer { fclose(file) }
        var parts: [Range<UInt>] = [], current: Range<UInt>?
        var line = [CChar](repeating: 0, count: 8_192)
        while fgets(&line, Int32(line.count), file) != nil {
            let words = line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }.split(whereSeparator: { $0 == 32 || $0 == 10 })
                .map { String(decoding: $0, as: UTF8.self) }
            guard let first = words.first else { continue }
            if first == "Anonymous:" {
                if let current, words.dropFirst().first == "0" { parts.append(current) }
            } else if !first.hasSuffix(":") {
                current = unwritable(words)
            }
        }
        return parts
    }

    /// The range of a mapping of a file that cannot be written to; nil for any other mapping.
    private static func unwritable(_ words: [String]) -> Range<UInt>? {
        let ends = words[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
        guard words.count >= 6, words[5].hasPrefix("/"), words[1].hasPrefix("r-"), ends.count == 2, ends[0] < ends[1] else { return nil }
        return ends[0]..<ends[1]
    }
}
