/// The default templates, embedded in the binary. A test fails if a file of this folder is not listed here.
package enum Templates {
    /// The texts of all templates by file name, without `.mustache`.
    package static let all: [String: String] = bytes.mapValues { String(decoding: $0, as: UTF8.self) }

    private static let bytes: [String: [UInt8]] = [
        "_chat_notification": PackageResources._chat_notification_mustache,
        "_facts": PackageResources._facts_mustache,
        "_failure": PackageResources._failure_mustache,
        "_html_facts": PackageResources._html_facts_mustache,
        "_html_failure": PackageResources._html_failure_mustache,
        "_html_head": PackageResources._html_head_mustache,
        "_notification": PackageResources._notification_mustache,
        "_request": PackageResources._request_mustache,
        "approval": PackageResources.approval_mustache,
        "approval.html": PackageResources.approval_html_mustache,
        "chat.approval": PackageResources.chat_approval_mustache,
        "chat.decision": PackageResources.chat_decision_mustache,
        "chat.high": PackageResources.chat_high_mustache,
        "chat.low": PackageResources.chat_low_mustache,
        "chat.normal": PackageResources.chat_normal_mustache,
        "chat.reminder": PackageResources.chat_reminder_mustache,
        "chat.run": PackageResources.chat_run_mustache,
        "chat.urgent": PackageResources.chat_urgent_mustache,
        "decision": PackageResources.decision_mustache,
        "decision.html": PackageResources.decision_html_mustache,
        "digest": PackageResources.digest_mustache,
        "digest.html": PackageResources.digest_html_mustache,
        "high": PackageResources.high_mustache,
        "high.html": PackageResources.high_html_mustache,
        "low": PackageResources.low_mustache,
        "low.html": PackageResources.low_html_mustache,
        "normal": PackageResources.normal_mustache,
        "normal.html": PackageResources.normal_html_mustache,
        "relay": PackageResources.relay_mustache,
        "relay.html": PackageResources.relay_html_mustache,
        "reminder": PackageResources.reminder_mustache,
        "reminder.html": PackageResources.reminder_html_mustache,
        "run": PackageResources.run_mustache,
        "run.html": PackageResources.run_html_mustache,
        "urgent": PackageResources.urgent_mustache,
        "urgent.html": PackageResources.urgent_html_mustache,
    ]
}
