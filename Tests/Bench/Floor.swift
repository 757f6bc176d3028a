import CCurl

/// The lower bound for any relay on libcurl: one easy handle that posts the same bytes over one connection, one post after the other.
struct Floor {
    var perSecond: Double
    /// The CPU seconds of the posting thread for 1,000 posts.
    var cpuPer1000: Double

    static func measure(_ receiver: Receiver, posts: Int, bodyBytes: Int) throws -> Floor {
        guard let handle = curl_easy_init() else { throw BenchError("libcurl gave no handle") }
        defer { curl_easy_cleanup(handle) }
        let headers = curl_slist_append(curl_slist_append(nil, "Content-Type: application/json"), "Expect:")
        defer { curl_slist_free_all(headers) }
        let body = [CChar](repeating: 97, count: bodyBytes) + [0]
        return try body.withUnsafeBufferPointer { bytes in
            _ = relay_set_text(handle, CURLOPT_URL, receiver.url)
            _ = relay_set_list(handle, CURLOPT_HTTPHEADER, headers)
            _ = relay_set_off(handle, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(bodyBytes))
            _ = relay_set_text(handle, CURLOPT_POSTFIELDS, bytes.baseAddress)
            _ = relay_on_write(handle, { _, size, count, _ in size * count }, nil)
            let began = ContinuousClock.now, cpu = cpuSeconds("thread-self")
            for _ in 0..<posts {
                let code = curl_easy_perform(handle)
                guard code == CURLE_OK else { throw BenchError("the floor failed: curl \(code.rawValue)") }
            }
            let took = ContinuousClock.now - began
            return Floor(
                perSecond: Double(posts) / (took / .seconds(1)), cpuPer1000: (cpuSeconds("thread-self") - cpu) * 1000 / Double(posts))
        }
    }
}
