import RelayCore
import RelaySupport
import Transport

/// Microsoft Teams by a workflow that posts what it receives: an Adaptive Card.
/// Sources: https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook,
/// https://learn.microsoft.com/troubleshoot/power-platform/power-automate/flow-run-issues/triggers-troubleshoot
package enum Teams {
    package static let type = ChannelType(
        name: "teams",
        abilities: Abilities(limit: Limit(12_000, .bytes)),
        // The card puts data only where no Markdown is read, so nothing needs an escape.
        dialect: .plain,
        titleLimit: Limit(250, .utf16),
        // Users report a limit of 25 posts in 300 s. A post above it fails inside the workflow after the 202, and nobody is told.
        pace: (burst: 10, every: .seconds(12)),
        hasFields: true,
        read: read)

    private static func read(_ section: ConfigSection, _ basics: DestinationBasics) -> ChannelPlan? {
        guard let address = section.address("url", basics), isWorkflow(address, section) else { return nil }
        return ChannelPlan { tools in
            HookChannel(
                address: address, network: basics.network, tools: tools, payload: payload,
                sharpen: { common, response, json, _ in
                    judge(common, response, json)
                }, takes: takes)
        }
    }

    private static let expected = "https://….environment.api.powerplatform.com/powerautomate/automations/direct/workflows/…"

    /// False, with a problem noted, for an address that can no longer deliver anything.
    private static func isWorkflow(_ address: HTTPAddress, _ section: ConfigSection) -> Bool {
        let host = address.parts.host
        if host.hasSuffix(".webhook.office.com") || ["outlook.office.com", "outlook.office365.com"].contains(host) {
            section.note("url", "\(section.path).url is a connector of Office 365, and those were shut off in May 2026", expected: expected)
            return false
        }
        let isOld = host.hasSuffix(".logic.azure.com")
        guard isOld || host.hasSuffix(".api.powerplatform.com") else {
            section.warnOfOtherHost(address, [], expected)
            return true
        }
        guard address.hasParameters(["api-version", "sig"]) else {
            section.note(
                "url", "\(section.path).url lacks api-version or sig, as if it was cut at its first &", expected: expected + "?…&sig=…")
            return false
        }
        if isOld {
            section.note(
                "url", "\(section.path).url is on the old host of workflows, announced to stop on 30 November 2025", expected: expected,
                isWarning: true)
        }
        return true
    }

    /// Refines the common verdict. 202 means that the workflow will start, not that it has posted.
    static func judge(_ common: DeliveryError?, _ response: HTTPResponse, _ json: JSONValue) -> DeliveryError? {
        let status = response.status
        let code = json["error"]?["code"]?.string.flatMap { $0.utf8.allSatisfy(\.isLetter) && $0.utf8.count <= 60 ? $0 : nil }
        func error(_ verdict: DeliveryError.Verdict, _ reason: DeliveryError.Reason) -> DeliveryError {
            DeliveryError(verdict, reason, DeliveryError.said(status, code), status: status)
        }
        guard common != nil else { return response.errorInBody(json) }
        switch (status, code) {
        // The workflow's trigger refuses the card by its schema.
        case (400, "TriggerInputSchemaMismatch"), (400, "InvalidRequestContent"): return error(.trimmings, .rejected)
        case (400...499, "MissingApiVersionParameter"), (400...499, "WorkflowTriggerIsNotEnabled"), (404, _?):
            return error(.gone, .notFound)
        case (401, _?), (403, _?): return error(.gone, .unauthorized)
        default: return common
        }
    }

    /// A workflow answers 202 without a body, or with what its response action says. Connectors of Office 365 answered 200 with an error in
    /// the text, and proxies of them may still do so.
    @Sendable private static func takes(_ response: HTTPResponse, _ json: JSONValue) -> Bool {
        response.body.isEmpty || json == .number("1")
    }
}
