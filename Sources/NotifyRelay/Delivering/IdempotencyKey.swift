import Crypto
import RelayCore
import RelaySupport

/// The key by which a receiver recognises a message, the same on every attempt: hex SHA-256 of the event's id, the destination and, if
/// there is one, the recipient. Each part ends with a zero byte, which none of them can contain.
func idempotencyKey(event: String, destination: String, recipient: String) -> String {
    var hash = SHA256()
    for part in recipient.isEmpty ? [event, destination] : [event, destination, recipient] {
        hash.update(data: Array(part.utf8))
        hash.update(data: [0])
    }
    return hexadecimal(hash.finalize())
}
