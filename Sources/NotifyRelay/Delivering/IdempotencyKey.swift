import Crypto
import RelayCore
import RelaySupport

/// The key by which a receiver recognises a message, the same on every attempt: hex SHA-256 of the event's id, the destination and, if
/// there is one, the recipient. Each part ends with a zero byte, which none of them can contain.
func idempotencyKey(event: String, destination: String, recipient: String) -> String {
    var parts: [UInt8] = []
    parts.reserveCapacity(event.utf8.count + destination.utf8.count + recipient.utf8.count + 3)
    for part in recipient.isEmpty ? [event, destination] : [event, destination, recipient] {
        parts += part.utf8
        parts.append(0)
    }
    return hexadecimal(SHA256.hash(data: parts))
}
