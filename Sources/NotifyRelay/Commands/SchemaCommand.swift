import ArgumentParser

struct SchemaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema", abstract: "Prints the JSON Schema of the configuration, for editors.",
        discussion: """
            An editor with a YAML language server takes it by a first line in the file:
              # yaml-language-server: $schema=./schema.json
            It judges the shape of the file. `check` judges all of it.
            """)

    func run() { Terminal.say(json: ConfigurationSchema().json) }
}
