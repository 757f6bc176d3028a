/// The default templates, embedded in the binary. A file of this folder that is not listed here fails a test.
package enum Templates {
    /// By file name without `.mustache`.
    package static let all: [String: String] = bytes.mapValues { String(decoding: $0, as: UTF8.self) }

    private static let bytes: [String: [UInt8]] = [
        "_facts": PackageResources._facts_mustache,
        "_html_facts": PackageResources._html_facts_mustache,
        "_html_head": PackageResources._html_head_mustache,
        "_notification": PackageResources._notification_mustache,
        "_request": PackageResources._request_mustache,
        "_slack_notification": PackageResources._slack_notification_mustache,
        "approval.html": PackageResources.approval_html_mustache,
        "approval": PackageResources.approval_mustache,
        "decision.html": PackageResources.decision_html_mustache,
        "decision": PackageResources.decision_mustache,
        "digest.html": PackageResources.digest_html_mustache,
        "digest": PackageResources.digest_mustache,
        "high.html": PackageResources.high_html_mustache,
        "high": PackageResources.high_mustache,
        "low.html": PackageResources.low_html_mustache,
        "low": PackageResources.low_mustache,
        "normal.html": PackageResources.normal_html_mustache,
        "normal": PackageResources.normal_mustache,
        "relay.html": PackageResources.relay_html_mustache,
        "relay": PackageResources.relay_mustache,
        "reminder.html": PackageResources.reminder_html_mustache,
        "reminder": PackageResources.reminder_mustache,
        "run.html": PackageResources.run_html_mustache,
        "run": PackageResources.run_mustache,
        "slack.approval": PackageResources.slack_approval_mustache,
        "slack.decision": PackageResources.slack_decision_mustache,
        "slack.high": PackageResources.slack_high_mustache,
        "slack.low": PackageResources.slack_low_mustache,
        "slack.normal": PackageResources.slack_normal_mustache,
        "slack.run": PackageResources.slack_run_mustache,
        "slack.urgent": PackageResources.slack_urgent_mustache,
        "urgent.html": PackageResources.urgent_html_mustache,
        "urgent": PackageResources.urgent_mustache,
    ]
}
