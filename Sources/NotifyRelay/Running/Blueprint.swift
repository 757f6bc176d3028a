import Channels
import Foundation
import RelayCore
import Rendering
import RevKeen
import Transport

/// Everything that the configuration file decides, made ready to run. A reload makes a new one and hands it round.
struct Blueprint: Sendable {
    var configuration: Configuration
    var router: Router
    var composer: Composer
    var destinations: [Destination]
    var accounts: [RevKeenAccount]

    /// - Parameter problems: gets what the templates, links and redaction paths have wrong; nothing is made if anything has.
    static func make(_ configuration: Configuration, tools: ChannelTools, problems: ProblemList) -> Blueprint? {
        let templates = TemplateSet(
            folder: configuration.templates,
            destinations: Dictionary(configuration.destinations.map { ($0.name, $0.type) }, uniquingKeysWith: { $1 }),
            types: Catalogue.types.map(\.name), problems: problems)
        let accounts = configuration.accounts.compactMap { account(of: $0, problems: problems) }
        guard problems.errors.isEmpty else { return nil }
        let links = LinkPatterns(
            run: configuration.links.run, approval: configuration.links.approval, automation: configuration.links.automation)
        let people = Dictionary(
            configuration.people.compactMap { person in person.revkeen.map { ($0, person.name) } }, uniquingKeysWith: { $1 })
        let composer = Composer(templates: templates, links: links, people: people, zoneName: configuration.timeZone.name)
        let destinations = configuration.destinations.compactMap { destination(of: $0, tools: tools) }
        return Blueprint(
            configuration: configuration, router: router(of: configuration, destinations), composer: composer,
            destinations: destinations, accounts: accounts)
    }

    static func account(of settings: AccountSettings, problems: ProblemList) -> RevKeenAccount? {
        let network = NetworkOptions(caFile: settings.caFile, proxy: settings.proxy)
        switch RevKeenAccount.make(name: settings.name, key: settings.key, baseURL: settings.baseURL, network: network) {
        case .success(let account): return account
        case .failure(let fault):
            problems.add(
                Problem(settings.place, "accounts.\(settings.name).\(fault.field.rawValue): \(fault.text)", expected: fault.expected))
            return nil
        }
    }

    private static func destination(of settings: DestinationSettings, tools: ChannelTools) -> Destination? {
        guard let type = Catalogue.type(named: settings.type), let blueprint = settings.blueprint else { return nil }
        return Destination(
            name: settings.name, type: type, channel: blueprint.make(tools), recipients: blueprint.recipients, width: settings.width,
            pace: settings.pace.map { ($0.burst, $0.every) } ?? type.pace, giveUp: settings.giveUp, fallback: settings.fallback,
            zoneName: settings.timeZone?.name, fingerprint: settings.fingerprint)
    }

    private static func router(of configuration: Configuration, _ destinations: [Destination]) -> Router {
        Router(
            routes: configuration.routes, priorityRules: configuration.priorities, healthTo: configuration.healthTo,
            recipients: Dictionary(destinations.map { ($0.name, $0.recipients) }, uniquingKeysWith: { $1 }))
    }
}
