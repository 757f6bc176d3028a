import Channels
import Dedup
import Foundation
import Policy
import RelayCore
import RelaySupport
import Rendering
import RevKeen
import Transport

/// Everything that is made from the configuration file, ready to run. A reload makes a new one and gives it to all parts.
struct Generation: Sendable {
    var configuration: Configuration
    var router: Router
    var composer: Composer
    var destinations: [Destination]
    var accounts: [RevKeenAccount]

    /// The destinations whose messages can be edited. Their messages are refreshed when what they show changes.
    var refreshing: Set<String> { Set(destinations.filter(\.abilities.edit).map(\.name)) }

    /// - Parameters:
    ///   - keys: the keys that sign links and buttons; nil means that messages have none.
    ///   - problems: gets the problems of the templates. If it holds an error, old or new, the result is nil.
    static func make(
        _ configuration: Configuration, tools: ChannelTools, keys: LinkKeys? = nil, problems: ProblemList
    ) -> Generation? {
        let templates = TemplateSet(
            folder: configuration.templates,
            destinations: Dictionary(configuration.destinations.map { ($0.name, $0.type) }, uniquingKeysWith: { $1 }),
            types: Catalogue.types.map(\.name), problems: problems)
        guard problems.errors.isEmpty else { return nil }
        let accounts = configuration.accounts.compactMap(account)
        let links = LinkPatterns(
            run: configuration.links.run, approval: configuration.links.approval, automation: configuration.links.automation)
        let people = Dictionary(
            configuration.people.compactMap { person in person.revkeen.map { ($0, person.name) } }, uniquingKeysWith: { $1 })
        let server = configuration.server
        let ways = keys.map {
            DecisionWays(
                keys: $0, publicURL: server.publicURL, expiry: server.linkExpiry, receivesPosts: server.publicListen != nil)
        }
        let composer = Composer(templates: templates, links: links, people: people, zoneName: configuration.timeZone.name, ways: ways)
        let onceAtMost = Set(configuration.routes.filter(\.atMostOnce).flatMap(\.to))
        let destinations = configuration.destinations.compactMap { settings in
            destination(of: settings, claimsAhead: !onceAtMost.contains(settings.name), tools: tools)
        }
        return Generation(
            configuration: configuration, router: router(of: configuration, destinations), composer: composer,
            destinations: destinations, accounts: accounts)
    }

    /// Nil only for settings that the configuration reader has refused.
    static func account(of settings: AccountSettings) -> RevKeenAccount? {
        let network = NetworkOptions(caFile: settings.caFile, proxy: settings.proxy)
        return try? RevKeenAccount.make(name: settings.name, key: settings.key, baseURL: settings.baseURL, network: network).get()
    }

    static func destination(of settings: DestinationSettings, claimsAhead: Bool, tools: ChannelTools) -> Destination? {
        guard let type = Catalogue.type(named: settings.type), let generation = settings.plan else { return nil }
        var rules = DestinationRules(
            quiet: settings.quiet, ceiling: settings.ceiling, edits: (generation.abilities ?? type.abilities).edit)
        rules.isForPrograms = ["webhook", "file"].contains(type.name)
        return Destination(
            name: settings.name, type: type, abilities: generation.abilities ?? type.abilities, channel: generation.make(tools),
            recipients: generation.recipients, width: settings.width,
            pace: settings.pace ?? generation.pace ?? type.pace, giveUp: settings.giveUp, fallback: settings.fallback,
            zoneName: settings.timeZone?.name, fingerprint: settings.fingerprint, claimsAhead: claimsAhead,
            room: settings.room, callback: generation.callback, working: settings.working,
            rules: rules)
    }

    private static func router(of configuration: Configuration, _ destinations: [Destination]) -> Router {
        Router(
            routes: configuration.routes, priorityRules: configuration.priorities, healthTo: configuration.healthTo,
            recipients: Dictionary(destinations.map { ($0.name, $0.recipients) }, uniquingKeysWith: { $1 }), digests: configuration.digests,
            rules: Dictionary(destinations.map { ($0.name, $0.rules) }, uniquingKeysWith: { $1 }))
    }
}

extension Generation {
    /// How old an event of an account may be before it is gathered as late, by account.
    var catchUps: [String: Duration] {
        Dictionary(configuration.accounts.map { ($0.name, $0.catchUp) }, uniquingKeysWith: { $1 })
    }

    /// The hours in which the working clock of a destination runs, by its name; a destination without a working clock is not in it.
    var workingHours: [String: WeeklyHours] {
        Dictionary(destinations.compactMap { one in one.working.map { (one.name, $0) } }, uniquingKeysWith: { $1 })
    }

    /// The renames and digest slots that this generation writes to the store when it takes over.
    func adoption(at now: Timestamp) -> Adoption {
        Adoption(
            accounts: configuration.accounts.compactMap { account in account.was.map { .init(from: $0, to: account.name) } },
            destinations: configuration.destinations.compactMap { destination in
                destination.was.map { .init(from: $0, to: destination.name) }
            },
            slots: router.digests.compactMap { digest in
                digest.schedule.next(after: now).map { closes in
                    .init(digest: digest.name, opensAt: digest.schedule.previous(atOrBefore: now) ?? now, closesAt: closes)
                }
            })
    }
}
