import Crypto
import RelayCore
import RelaySupport

/// What a receiver knows a message by, the same on every attempt: hex SHA-256 of the event's id, the destination and, where there is
/// one, the recipient. The parts are separated by a byte that none of them can hold.
func idempotencyKey(event: String, destination: String, recipient: String) -> String {
    var hash = SHA256()
    for part in recipient.isEmpty ? [event, destination] : [event, destination, recipient] {
        hash.update(data: Array(part.utf8))
        hash.update(data: [0])
    }
    return hexadecimal(hash.finalize())
}
