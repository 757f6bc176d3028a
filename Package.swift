// swift-tools-version: 6.1
import PackageDescription

let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let cryptoExtras = Target.Dependency.product(name: "CryptoExtras", package: "swift-crypto")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let nio = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let signals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
/// The default templates, which the build embeds in the binary.
/// `templates/Templates.swift` gives them their names.
let embeddedTemplates: [Resource] = [
    "_chat_notification.mustache",
    "_details.mustache",
    "_facts.mustache",
    "_failure.mustache",
    "_html_facts.mustache",
    "_html_failure.mustache",
    "_html_head.mustache",
    "_notification.mustache",
    "_request.mustache",
    "absence.html.mustache",
    "absence.mustache",
    "approval.html.mustache",
    "approval.mustache",
    "chat.absence.mustache",
    "chat.approval.mustache",
    "chat.decision.mustache",
    "chat.high.mustache",
    "chat.low.mustache",
    "chat.normal.mustache",
    "chat.reminder.mustache",
    "chat.run.mustache",
    "chat.urgent.mustache",
    "decision.html.mustache",
    "decision.mustache",
    "digest.html.mustache",
    "digest.mustache",
    "high.html.mustache",
    "high.mustache",
    "low.html.mustache",
    "low.mustache",
    "normal.html.mustache",
    "normal.mustache",
    "relay.html.mustache",
    "relay.mustache",
    "reminder.html.mustache",
    "reminder.mustache",
    "run.html.mustache",
    "run.mustache",
    "urgent.html.mustache",
    "urgent.mustache",
].map { Resource.embedInCode($0) }

/// Linker flags of the shipped binary, so that 5 MB less of it are read into memory.
/// Relocations are stored as a bitmap (glibc 2.36, which is Debian 12's), and no symbols are exported for other libraries to link against.
/// Only the toolchain's own linker supports both flags.
let lighter: [LinkerSetting] = [
    .unsafeFlags(
        ["-use-ld=lld", "-Xlinker", "--no-export-dynamic", "-Xlinker", "-z", "-Xlinker", "pack-relative-relocs"],
        .when(platforms: [.linux], configuration: .release))
]

let package = Package(
    name: "notify-relay",
    products: [.executable(name: "notify-relay", targets: ["NotifyRelay"])],
    dependencies: [
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", exact: "2.1.1"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1", traits: []),
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
    ],
    targets: [
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CHeap"),
        .systemLibrary(name: "CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .target(name: "RelaySupport"),
        .target(name: "RelayCore", dependencies: ["RelaySupport"]),
        .target(name: "Transport", dependencies: ["CCurl", "RelayCore", "RelaySupport"]),
        .target(name: "RevKeen", dependencies: ["RelayCore", "RelaySupport", "Transport", crypto]),
        .target(
            name: "Dedup",
            dependencies: [
                "CPostgres", "RelayCore", "RelaySupport", crypto, .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ]),
        .target(name: "Policy", dependencies: ["Dedup", "RelayCore", "RelaySupport", crypto]),
        .target(name: "Channels", dependencies: ["RelayCore", "RelaySupport", "Transport", crypto]),
        .target(name: "Pages", dependencies: [crypto]),
        .target(name: "SignIn", dependencies: ["RelayCore", "RelaySupport", "Transport", crypto, cryptoExtras]),
        .target(name: "Templates", path: "templates", resources: embeddedTemplates),
        .target(
            name: "Rendering",
            dependencies: ["RelayCore", "RelaySupport", "Templates", .product(name: "Mustache", package: "swift-mustache")]),
        .target(
            name: "Sandbox",
            dependencies: [
                "Pages", "RelayCore", "RelaySupport", crypto, hummingbird, hummingbirdCore, nio, nioPosix, logging, lifecycle,
            ]),
        .executableTarget(
            name: "NotifyRelay",
            dependencies: [
                "CHeap", "RelayCore", "RelaySupport", "Transport", "RevKeen", "Dedup", "Policy", "Channels", "Rendering", "Pages",
                "Sandbox", "SignIn",
                crypto, hummingbird, hummingbirdCore, nio, logging, lifecycle, signals,
                .product(name: "Yams", package: "Yams"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            linkerSettings: lighter),
        .target(
            name: "RelayTesting", dependencies: ["CPostgres", "RelayCore", "RelaySupport", "Transport", "Sandbox", crypto],
            path: "Tests/RelayTesting"),
        .executableTarget(
            name: "relay-bench", dependencies: ["CCurl", "CPostgres", "RelayCore", "RelaySupport", "Dedup", "Policy", "Sandbox"],
            path: "Tests/Bench"),
        .testTarget(name: "RelayCoreTests", dependencies: ["RelayCore", "RelaySupport", "RelayTesting"]),
        .testTarget(name: "PagesTests", dependencies: ["Pages", crypto]),
        .testTarget(
            name: "SignInTests",
            dependencies: ["SignIn", "RelayCore", "RelaySupport", "RelayTesting", "Transport", crypto, cryptoExtras]),
        .testTarget(name: "TransportTests", dependencies: ["Transport", "RelaySupport", "RelayTesting", "Sandbox", nio, nioPosix]),
        .testTarget(name: "RevKeenTests", dependencies: ["RevKeen", "RelaySupport", "RelayTesting", "Sandbox"]),
        .testTarget(
            name: "DedupTests",
            dependencies: [
                "Dedup", "RelaySupport", "RelayTesting", .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ]),
        .testTarget(name: "PolicyTests", dependencies: ["Policy", "Dedup", "RelayCore", "RelaySupport", "RelayTesting"]),
        .testTarget(name: "ChannelsTests", dependencies: ["Channels", "RelaySupport", "RelayTesting", "Sandbox"], exclude: ["Golden"]),
        .testTarget(
            name: "RenderingTests", dependencies: ["Rendering", "RelaySupport", "RelayTesting", "Sandbox", "Templates"], exclude: ["Golden"]
        ),
        .testTarget(
            name: "SandboxTests",
            dependencies: ["Sandbox", "Pages", "RelaySupport", "Channels", "Transport", "RelayTesting", nio, nioPosix],
            exclude: ["Golden"]),
        .testTarget(
            name: "NotifyRelayTests",
            dependencies: ["NotifyRelay", "Pages", "Policy", "RelaySupport", "RelayTesting", "Sandbox", "SignIn"],
            exclude: ["Deciding/Golden", "Expecting/Golden", "Serving/Golden", "Windows/Golden"]),
    ]
)

for target in package.targets where target.type != .system {
    target.swiftSettings = [
        .swiftLanguageMode(.v6),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    ]
}

// `make fuzz` sets this. The fuzzers are one program that reads every target as a library, with libFuzzer and the address sanitizer.
if Context.environment["RELAY_FUZZ"] != nil {
    let fuzzing: [SwiftSetting] = [.unsafeFlags(["-sanitize=fuzzer,address", "-enable-testing"]), .define("FUZZING")]
    package.products = []
    package.targets.removeAll { $0.type == .test || ["relay-bench", "RelayTesting"].contains($0.name) }
    if let index = package.targets.firstIndex(where: { $0.name == "NotifyRelay" }) {
        let program = package.targets[index]
        package.targets[index] = .target(name: program.name, dependencies: program.dependencies, swiftSettings: program.swiftSettings)
    }
    for target in package.targets where target.type == .regular { target.swiftSettings = (target.swiftSettings ?? []) + fuzzing }
    package.targets.append(
        .executableTarget(
            name: "Fuzz",
            dependencies: ["RelayCore", "RelaySupport", "Transport", "RevKeen", "Policy", "Channels", "Rendering", "NotifyRelay"],
            path: "Tests/Fuzz", exclude: ["corpus"],
            swiftSettings: [
                .swiftLanguageMode(.v6), .enableUpcomingFeature("MemberImportVisibility"),
                .unsafeFlags(["-parse-as-library", "-sanitize=fuzzer,address"]),
            ], linkerSettings: [.unsafeFlags(["-sanitize=fuzzer,address", "-use-ld=lld"])]))
}
