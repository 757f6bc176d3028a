import Foundation
import Glibc
import RelayCore
import RelaySupport
import Testing

/// HTTPS, SMTP over TLS and SMTP with STARTTLS on loopback, with a certificate from an authority that nothing else trusts.
///
/// `@unchecked Sendable`: everything is set before the initialiser returns.
final class TLSPlace: @unchecked Sendable {
    let folder: URL
    /// The authority's certificate; `stranger` is the certificate of another authority, which signed nothing here.
    var authority: String { folder.appendingPathComponent("ca.pem").path }
    var stranger: String { folder.appendingPathComponent("stranger.pem").path }
    private(set) var https = 0, smtps = 0, starttls = 0
    private let process = Process()
    /// The server ends, and removes its folder, when this pipe ends: with this object or with this process.
    private let input = Pipe()

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("notify-relay-tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Data(Self.server.utf8).write(to: folder.appendingPathComponent("server.py"))
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "server.py"]
        process.currentDirectoryURL = folder
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        // Else another child would keep the pipe open.
        _ = fcntl(input.fileHandleForWriting.fileDescriptor, F_SETFD, FD_CLOEXEC)
        process.standardInput = input
        try process.run()
        var line = ""
        while !line.hasSuffix("\n"), case let piece = output.fileHandleForReading.availableData, !piece.isEmpty {
            line += String(decoding: piece, as: UTF8.self)
        }
        let ports = line.split(separator: " ").compactMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
        try #require(ports.count == 3, "the TLS server did not start: \(line)")
        (https, smtps, starttls) = (ports[0], ports[1], ports[2])
    }

    deinit { try? input.fileHandleForWriting.close() }

    /// The number of mails accepted so far.
    var mails: Int { (try? FileManager.default.contentsOfDirectory(atPath: folder.path))?.count { $0.hasPrefix("mail-") } ?? 0 }

    private static let server = #"""
        import base64, itertools, os, shutil, socket, ssl, subprocess, sys, threading

        def openssl(*words):
            subprocess.run(["openssl", *words], check=True, capture_output=True)

        for name in ("ca", "stranger"):
            openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.pem")
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-keyout", "key.pem", "-out", "csr.pem")
        open("ext", "w").write("subjectAltName=DNS:localhost,IP:127.0.0.1")
        openssl("x509", "-req", "-in", "csr.pem", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "ext", "-out", "cert.pem")
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain("cert.pem", "key.pem")
        numbers = itertools.count()

        def http(connection):
            with tls.wrap_socket(connection, server_side=True) as stream:
                stream.recv(65536)
                stream.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

        def smtp(connection, upgraded):
            if upgraded:
                connection = tls.wrap_socket(connection, server_side=True)
            say = lambda text: connection.sendall(text.encode() + b"\r\n")
            lines = connection.makefile("rb")
            say("220 box.test")
            while line := lines.readline().decode().strip():
                word = line.upper()
                if word.startswith("EHLO"):
                    say("250-box.test\r\n" + ("250-STARTTLS\r\n" if not upgraded else "250-AUTH PLAIN LOGIN\r\n") + "250 SIZE 1000000")
                elif word == "STARTTLS":
                    say("220 2.0.0 go on")
                    connection, upgraded = tls.wrap_socket(connection, server_side=True), True
                    lines = connection.makefile("rb")
                elif word.startswith("AUTH"):
                    words = line.split()
                    if len(words) == 2:
                        say("334 " + ("" if words[1].upper() == "PLAIN" else base64.b64encode(b"Username:").decode()))
                        words.append(lines.readline().decode().strip())
                    said = base64.b64decode(words[2])
                    if words[1].upper() == "LOGIN":
                        say("334 " + base64.b64encode(b"Password:").decode())
                        said += b"\0" + base64.b64decode(lines.readline().strip())
                    say("235 2.7.0 welcome" if said.endswith(b"\0sesame") else "535 5.7.8 no: " + said.decode(errors="replace").replace("\0", " "))
                elif word.startswith(("MAIL", "RCPT", "NOOP", "RSET")):
                    say("250 2.1.0 ok")
                elif word == "DATA":
                    say("354 go on")
                    while lines.readline() not in (b".\r\n", b""):
                        pass
                    open(f"mail-{next(numbers)}", "w").close()
                    say("250 2.0.0 queued as 1")
                elif word == "QUIT":
                    say("221 bye")
                    return

        def serve(work):
            listener = socket.create_server(("127.0.0.1", 0))
            def accept():
                while True:
                    connection, _ = listener.accept()
                    def run(connection):
                        try:
                            work(connection)
                        except Exception:
                            pass
                        finally:
                            connection.close()
                    threading.Thread(target=run, args=(connection,), daemon=True).start()
            threading.Thread(target=accept, daemon=True).start()
            return listener.getsockname()[1]

        print(serve(http), serve(lambda c: smtp(c, True)), serve(lambda c: smtp(c, False)), flush=True)
        sys.stdin.buffer.read()
        shutil.rmtree(os.getcwd(), ignore_errors=True)
        os._exit(0)
        """#
}
