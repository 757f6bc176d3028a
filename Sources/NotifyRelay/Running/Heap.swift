import CHeap

/// The settings of the C library's heap, which Swift uses.
enum Heap {
    /// Makes the heap give freed memory back soon. By default each thread fills an area of its own and keeps what it once needed, so that
    /// one large answer would stay in memory several times. Buffers over 64 KB are kept out of the areas.
    static func keepLittle() { relay_heap_keep_little(2, 64 * 1024) }

    /// Gives back the pages of code that only the start needed: reading the configuration, checking it, opening the store. What is used is read
    /// again from the file, of which the system keeps what others use.
    static func giveBackStart() { relay_heap_drop_code() }
}
