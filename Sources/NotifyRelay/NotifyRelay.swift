@main struct NotifyRelay { static func main() {} }
