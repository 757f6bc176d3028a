"""Attacks both listeners of a release binary over loopback, as a stranger without any secret would, in 128 MB of memory.

Usage: attacks.py BINARY [SECONDS] [NAME...]. Each attack runs for SECONDS (default 60) from up to 256 connections, while somebody at
another address asks once every 0.2 s. It fails if the relay dies, if that somebody waits for more than a second, or if the peak of resident
memory is over 96 MB. The last attack comes together with the largest answers of RevKeen.
"""
import http.server
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

import large_answers

LIMIT = 128 * 1024 * 1024
GROUP = "/sys/fs/cgroup/memory/notify-relay-attacks-%d" % os.getpid()
HONEST = "127.0.0.9"


class Attacker:
    """Connections that are opened again when they end. `speak` is called with each connection about every 20 ms."""

    def __init__(self, port, count, sources=("127.0.0.1",)):
        self.port, self.count, self.sources, self.stopped = port, count, sources, threading.Event()
        self.opened = self.sent = 0
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self):
        connections = [None] * self.count
        while not self.stopped.is_set():
            for number in range(self.count):
                if connections[number] is None:
                    connections[number] = self.open(number)
                if connections[number] is None:
                    continue
                try:
                    self.speak(connections[number])
                except BlockingIOError:
                    pass
                except OSError:
                    connections[number][0].close()
                    connections[number] = None
            time.sleep(0.02)
        for connection in connections:
            if connection:
                connection[0].close()

    def open(self, number):
        connection = socket.socket()
        try:
            connection.bind((self.sources[number % len(self.sources)], 0))
            connection.connect(("127.0.0.1", self.port))
        except OSError:
            connection.close()
            return None
        connection.setblocking(False)
        self.opened += 1
        return [connection, {"since": time.time()}]

    def send(self, connection, data):
        self.sent += connection[0].send(data)

    def drain(self, connection):
        if connection[0].recv(65536) == b"":
            raise ConnectionError("closed")


class Pipelining(Attacker):
    """1,500 requests at once, again and again, and no response is read."""

    def speak(self, connection):
        self.send(connection, b"GET /x HTTP/1.1\r\nHost: relay\r\n\r\n" * 1500)


class Kept(Attacker):
    """Kept connections that ask for nothing now and then."""

    def speak(self, connection):
        state = connection[1]
        if time.time() >= state["since"]:
            state["since"] = time.time() + 5
            self.send(connection, b"GET /x HTTP/1.1\r\nHost: relay\r\n\r\n")
        self.drain(connection)


class SlowBodies(Attacker):
    """256 KB of a body, and then a byte now and then."""

    def speak(self, connection):
        state = connection[1]
        if "left" not in state:
            state["left"] = 262_000
            self.send(connection, b"POST /hooks/slack HTTP/1.1\r\nHost: relay\r\nContent-Length: 262144\r\n\r\n")
        if state["left"] > 0:
            state["left"] -= connection[0].send(b"x" * min(65536, state["left"]))
        elif time.time() >= state["since"]:
            state["since"] = time.time() + 2
            self.send(connection, b"x")
        self.drain(connection)


class SlowHeads(Attacker):
    """A head that never ends."""

    def speak(self, connection):
        state = connection[1]
        if "begun" not in state:
            state["begun"] = True
            self.send(connection, b"GET /x HTTP/1.1\r\nHost: relay\r\nX-Slow: ")
        elif time.time() >= state["since"]:
            state["since"] = time.time() + 1
            self.send(connection, b"x")
        self.drain(connection)


class EndlessBodies(Attacker):
    """A body that goes on after 413."""

    def speak(self, connection):
        state = connection[1]
        if "begun" not in state:
            state["begun"] = True
            self.send(connection, b"POST /hooks/slack HTTP/1.1\r\nHost: relay\r\nContent-Length: 900000000\r\n\r\n")
        self.send(connection, b"x" * 65536)


class Guesses(Attacker):
    """Signatures that are guessed, each for another link."""

    def speak(self, connection):
        state = connection[1]
        state["number"] = state.get("number", 0) + 1
        self.send(connection, b"GET /a/%d%d.AAAAAAAAAAAAAAAAAAAAAA HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" % (id(connection), state["number"]))
        self.drain(connection)


MANY = ["127.0.1.%d" % n for n in range(1, 9)]
ATTACKS = {
    "pipelining": lambda public, private: [Pipelining(public, 128, MANY), Pipelining(private, 128, MANY)],
    "pipelining from one address": lambda public, private: [Pipelining(public, 256)],
    "kept connections": lambda public, private: [Kept(public, 256), Kept(private, 256)],
    "kept connections from many addresses": lambda public, private: [Kept(public, 256, MANY), Kept(private, 256, MANY)],
    "slow bodies": lambda public, private: [SlowBodies(public, 256, MANY)],
    "slow heads": lambda public, private: [SlowHeads(public, 256, MANY), SlowHeads(private, 256, MANY)],
    "endless bodies": lambda public, private: [EndlessBodies(public, 64, MANY)],
    "guesses": lambda public, private: [Guesses(public, 64, MANY)],
    "the largest answers and pipelining": lambda public, private: [Pipelining(public, 128, MANY), Pipelining(private, 128, MANY)],
}


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def honest(port, path):
    """The seconds until an honest request from another address has its response."""
    began = time.time()
    with socket.socket() as connection:
        connection.settimeout(5)
        connection.bind((HONEST, 0))
        connection.connect(("127.0.0.1", port))
        connection.sendall(b"GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n" % path)
        if not connection.recv(100).startswith(b"HTTP/1.1 "):
            raise ConnectionError("no response")
    return time.time() - began


def start(binary, place, public, private, revkeen, accounts):
    names = "\n".join(
        "  live%d: {api_key: 'rk_sandbox_aaaaaaaaaaaaaaaa%d', base_url: 'http://127.0.0.1:%d/v2', poll: {approvals: 5s}}" % (n, n, revkeen)
        for n in range(accounts))
    with open(f"{place}/relay.yaml", "w") as file:
        file.write(f"accounts:\n{names}\ndestinations:\n  out: {{type: file, folder: '{place}/out'}}\nroutes:\n  - {{name: all, to: [out]}}\n"
                   f"server: {{listen: '127.0.0.1:{private}', public_listen: '127.0.0.1:{public}', public_url: 'https://relay.example'}}\n"
                   f"store: '{place}/relay.db'\n")
    os.mkdir(f"{place}/out")
    command = [binary, "run", "--config", f"{place}/relay.yaml"]
    if os.path.isdir(GROUP):
        command = ["sh", "-c", f"echo $$ > {GROUP}/cgroup.procs; exec \"$@\"", "sh"] + command
    log = open(f"{place}/log", "w")
    child = subprocess.Popen(command, stdout=log, stderr=log)
    until = time.time() + 20
    while time.time() < until:
        try:
            honest(public, b"/x")
            honest(private, b"/healthz")
            return child
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the relay does not begin: " + open(f"{place}/log").read())


def attack(binary, name, seconds, server):
    place = tempfile.mkdtemp(prefix="attacks.")
    large = "largest" in name
    large_answers.StandIn.body = large_answers.SHAPES["approvals of long texts"]() if large else large_answers.listing([])
    public, private = free_port(), free_port()
    child = start(binary, place, public, private, server.server_address[1], 8 if large else 1)
    attackers = ATTACKS[name](public, private)
    for attacker in attackers:
        attacker.thread.start()
    slowest, worst, until = 0.0, None, time.time() + seconds
    time.sleep(0.5)
    while time.time() < until and child.poll() is None:
        for port, path in ((public, b"/x"), (private, b"/healthz")):
            try:
                slowest = max(slowest, honest(port, path))
            except OSError as error:
                worst = worst or error
        time.sleep(0.2)
    alive = child.poll() is None
    peak = large_answers.status(child.pid, "VmHWM") if alive else 0
    for attacker in attackers:
        attacker.stopped.set()
    for attacker in attackers:
        attacker.thread.join()
    child.terminate()
    try:
        child.wait(20)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
    good = alive and worst is None and slowest < 1 and peak < large_answers.LIMIT_KB
    print(f"{'ok  ' if good else 'BAD '} {name}, {seconds:.0f} s: alive {alive}, peak {peak / 1024:.1f} MB, slowest honest response "
          f"{slowest * 1000:.0f} ms, {sum(a.opened for a in attackers)} connections, {sum(a.sent for a in attackers) / 1e6:.1f} MB sent "
          f"{worst or ''}", flush=True)
    if not good:
        print(open(f"{place}/log").read()[-3000:])
    shutil.rmtree(place)
    return good


def main():
    binary, seconds = os.path.realpath(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else 60
    only = sys.argv[3:] or [""]
    try:
        os.mkdir(GROUP)
        with open(f"{GROUP}/memory.limit_in_bytes", "w") as file:
            file.write(str(LIMIT))
        print("in a memory cgroup of 128 MB")
    except OSError:
        print("without a memory cgroup: only the peak is judged")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), large_answers.StandIn)
    server.daemon_threads = True
    server.handle_error = lambda *_: None
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        results = [attack(binary, name, seconds, server) for name in ATTACKS if any(word in name for word in only)]
    finally:
        if os.path.isdir(GROUP):
            os.rmdir(GROUP)
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
