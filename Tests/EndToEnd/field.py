"""What ordinary servers do: mail servers with a policy about our name, a short patience or a quota, receivers behind nginx whose good
responses have odd bodies, a log that nobody reads, and health without a port. FULL=1 plays the long forms."""

import email
import email.policy
import http.server
import json
import os
import re
import shutil
import signal
import socket
import socketserver
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

from standin import Place, instant

binary, place_folder = sys.argv[1], Path(os.environ["PLACE"])
full = os.environ.get("FULL") == "1"
root = place_folder / "field"
root.mkdir(exist_ok=True)
root.chmod(0o755)
faults = []
environment = {**os.environ, "REVKEEN_API_KEY": "rk_sandbox_endtoend"}
for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
    environment.pop(name, None)


def check(what, good, detail=""):
    print(f"{'ok   ' if good else 'FAULT'} {what} {detail if not good or len(str(detail)) < 120 else ''}"[:1500], flush=True)
    if not good:
        faults.append(what)


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Runs:
    """One automation whose runs fail when the test says so."""

    def __init__(self):
        self.approvals, self.runs = [], {}

    def fail(self, mark):
        identity = f"40000000-0000-4000-8000-{len(self.runs):012d}"
        self.runs[identity] = {
            "id": identity, "automation_id": "auto-1", "status": "failed", "started_at": instant(1), "completed_at": instant(0),
            "trigger_source": "schedule", "automation": {"id": "auto-1", "name": "Sync"}, "notifications": [], "steps": [], "approvals": [],
            "error_message": mark,
        }
        return identity

    def answer(self, path, query):
        parts = [part for part in path.split("/") if part][1:]
        if parts == ["automations", "approvals"]:
            return {"data": []}
        if parts == ["automations"]:
            return {"data": [{"id": "auto-1", "name": "Sync", "status": "active"}]}
        if len(parts) == 3 and parts[2] == "runs":
            mine = sorted(self.runs.values(), key=lambda run: run["id"], reverse=True)
            return {"data": [{k: v for k, v in run.items() if k not in ("notifications", "steps", "approvals", "automation")} for run in mine]}
        if len(parts) == 4 and parts[2] == "runs":
            return {"data": self.runs[parts[3]]} if parts[3] in self.runs else None
        if len(parts) == 2 and parts[1] == "auto-1":
            return {"data": {"id": "auto-1", "name": "Sync", "status": "active"}}
        return None


class Relay:
    """A daemon with its own folder, account and stand-in."""

    def __init__(self, name, destinations, rest=""):
        self.folder, self.place = root / name, Place()
        self.folder.mkdir(exist_ok=True)
        self.world = self.place.world = Runs()
        names = re.findall(r"^  (\w+):", destinations, re.M)
        (self.folder / "relay.yaml").write_text(
            f'accounts:\n  live: {{api_key: "${{REVKEEN_API_KEY}}", base_url: "http://127.0.0.1:{self.place.port}/v2", first_look: 1h, '
            f'poll: {{approvals: 5s, runs: 1s..1s, budget: none}}}}\ndestinations:\n{destinations}\n'
            f'routes:\n  - {{name: failures, when: {{kind: run}}, to: [{", ".join(names)}]}}\n{rest}\n')
        self.process = None

    def start(self, **how):
        self.log = open(self.folder / "log", "wb")
        how = {"stderr": self.log, "stdout": self.log, **how}
        self.process = subprocess.Popen([binary, "run"], cwd=self.folder, env=environment, **how)
        return self

    def command(self, *arguments):
        return subprocess.run([binary, *arguments], cwd=self.folder, env=environment, capture_output=True, text=True, timeout=60)

    def status(self):
        done = self.command("status", "--json")
        return json.loads(done.stdout) if done.stdout else {"dead": [], "destinations": []}

    def stop(self, seconds=20):
        began = time.time()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return 999.0
        return time.time() - began


def wait_until(condition, seconds):
    end = time.time() + seconds
    while time.time() < end:
        if condition():
            return True
        time.sleep(0.2)
    return bool(condition())


class Postfix:
    """A Postfix of its own with more settings than the common one."""

    def __init__(self, name, settings):
        self.folder, self.port = place_folder / f"postfix-{name}", free_port()
        for part in ("etc", "spool", "lib", "mail"):
            (self.folder / part).mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o755)
        shutil.copytree("/etc/postfix", self.folder / "etc", dirs_exist_ok=True)
        shutil.chown(self.folder / "lib", "postfix")
        shutil.chown(self.folder / "mail", "nobody")
        self.common = f"""compatibility_level = 3.6
queue_directory = {self.folder}/spool
data_directory = {self.folder}/lib
maillog_file = {self.folder}/mail.log
maillog_file_prefixes = /var, /tmp
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mail.box.test
mydestination = localhost
mynetworks = 127.0.0.0/8
alias_maps =
alias_database =
virtual_mailbox_domains = box.test
virtual_mailbox_base = {self.folder}/mail
virtual_mailbox_maps = static:all/
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
"""
        self.write(settings)
        lines = []
        for line in Path("/etc/postfix/master.cf").read_text().splitlines():
            if re.match(r"smtp +inet", line):
                line = f"127.0.0.1:{self.port} inet n - n - - smtpd"
            elif re.match(r"[a-z]", line) and len(line.split()) >= 8 and line.split()[4] == "y":
                fields = line.split()
                fields[4] = "n"
                line = " ".join(fields)
            lines.append(line)
        (self.folder / "etc/master.cf").write_text("\n".join(lines) + "\n")
        self.run("start")
        wait_until(self.answers, 10)

    def write(self, settings):
        (self.folder / "etc/main.cf").write_text(self.common + settings + "\n")

    def run(self, verb):
        subprocess.run(["postfix", "-c", self.folder / "etc", verb], capture_output=True)

    def answers(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as one:
                return one.recv(100).startswith(b"220")
        except OSError:
            return False

    def mails(self):
        """The arrival of each mail, by the mark in its text."""
        found = {}
        for path in (self.folder / "mail/all/new").glob("*"):
            text = email.message_from_bytes(path.read_bytes(), policy=email.policy.default).get_body(("plain",)).get_content()
            for mark in set(re.findall(r"mark-\d+-end", text)):
                found.setdefault(mark, []).append(path.stat().st_mtime)
        return found


def mail_to(postfix, more=""):
    return f'  mail: {{type: email, server: "smtp://127.0.0.1:{postfix.port}", from: relay@box.test, to: [ann@box.test]{more}}}'


def a_policy_about_our_name():
    postfix = Postfix("helo", "smtpd_helo_required = yes\nsmtpd_helo_restrictions = reject_non_fqdn_helo_hostname\n")
    relay = Relay("helo", mail_to(postfix, ", ehlo: vm"))
    found = relay.command("check", "--connect")
    check("helo: check --connect finds it", "Helo command rejected" in found.stdout + found.stderr, found.stdout + found.stderr)
    marks = [f"mark-{n}-end" for n in range(7)]
    for mark in marks:
        relay.world.fail(mark)
    relay.start()
    down = lambda: any(one["lane"] in ("down", "closed") for one in relay.status()["destinations"])
    check("helo: the lane is down or closed", wait_until(down, 20), relay.status()["destinations"])
    time.sleep(3)
    status = relay.status()
    check("helo: no mail is dead", status["dead"] == [], status["dead"])
    check("helo: the server's words are in status", "Helo command rejected" in json.dumps(status), json.dumps(status)[:600])
    postfix.write("")
    postfix.run("reload")
    relay.command("lanes", "open", "mail")
    check("helo: all mails arrive after the rule is gone", wait_until(lambda: len(postfix.mails()) == 7, 20), postfix.mails())
    check("helo: each once", all(len(times) == 1 for times in postfix.mails().values()), postfix.mails())
    relay.stop()
    postfix.run("stop")


def a_short_patience():
    postfix = Postfix("patience", "smtpd_timeout = 3s\n")
    relay = Relay("patience", mail_to(postfix)).start()
    count = 12 if full else 5
    began = {}
    for number in range(count):
        began[f"mark-{number}-end"] = (time.time(), relay.world.fail(f"mark-{number}-end"))
        time.sleep(5.3)
    wait_until(lambda: len(postfix.mails()) == count, 20)
    mails = postfix.mails()
    check(f"patience: all {count} mails arrive, each once", len(mails) == count and all(len(one) == 1 for one in mails.values()), mails)
    # The poll of one second comes before the mail.
    late = {mark: times[0] - began[mark][0] for mark, times in mails.items()}
    check("patience: each within three seconds of the failure", max(late.values(), default=99) < 3, f"slowest {max(late.values(), default=99):.1f} s")
    relay.stop()
    postfix.run("stop")


class Policy(socketserver.BaseRequestHandler):
    """A Postfix policy server that speaks of a quota by turns, and then takes everything."""

    turns, refuses = 0, True

    def handle(self):
        buffer = b""
        while True:
            more = self.request.recv(4096)
            if not more:
                return
            buffer += more
            while b"\n\n" in buffer:
                buffer = buffer.split(b"\n\n", 1)[1]
                Policy.turns += 1
                action = "dunno"
                if Policy.refuses:
                    action = "452 4.2.2 over quota" if Policy.turns % 2 else "554 5.7.1 sending quota exceeded, daily limit reached"
                self.request.sendall(f"action={action}\n\n".encode())


def a_quota():
    policy = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Policy)
    threading.Thread(target=policy.serve_forever, daemon=True).start()
    postfix = Postfix("quota", f"smtpd_recipient_restrictions = check_policy_service inet:127.0.0.1:{policy.server_address[1]}, permit_mynetworks, reject\n")
    relay = Relay("quota", mail_to(postfix))
    for number in range(6):
        relay.world.fail(f"mark-{number}-end")
    relay.start()
    check("quota: it is asked", wait_until(lambda: Policy.turns >= 2, 30), Policy.turns)
    time.sleep(8)
    status = relay.status()
    check("quota: no mail is dead", status["dead"] == [], status["dead"])
    Policy.refuses = False
    relay.command("lanes", "open", "mail")
    check("quota: all mails arrive after the quota is there again", wait_until(lambda: len(postfix.mails()) == 6, 20), postfix.mails())
    check("quota: each once", all(len(one) == 1 for one in postfix.mails().values()), postfix.mails())
    relay.stop()
    postfix.run("stop")
    policy.shutdown()


ODD = {
    "gzip": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 13\r\n\r\n{\"done\":true}",
    "big": b"HTTP/1.1 200 OK\r\nContent-Length: 102400\r\n\r\n" + b"x" * 102400,
    "long": b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
    "cut": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
    "members": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip\r\nContent-Length: 2\r\n\r\nok",
    "utf8": b"HTTP/1.1 200 OK\r\nContent-Encoding: utf-8\r\nContent-Length: 2\r\n\r\nok",
    "endless": None,
    "success": b"HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\n{\"success\":true}",
    "result": b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{\"result\":\"success\"}",
    "empty": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    "created": b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n",
    "nothing": b"HTTP/1.1 204 No Content\r\n\r\n",
    "ok": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    "page": b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 45\r\n\r\n<!DOCTYPE html><title>Sign in: error</title>\n",
}


class Receiver(socketserver.BaseRequestHandler):
    """Answers by the last part of the path, once for each connection."""

    posts = {}
    lock = threading.Lock()

    def handle(self):
        try:
            head = b""
            while b"\r\n\r\n" not in head:
                more = self.request.recv(65536)
                if not more:
                    return
                head += more
            head, body = head.split(b"\r\n\r\n", 1)
            length = int((re.search(rb"(?i)content-length: (\d+)", head) or [0, b"0"])[1])
            while len(body) < length:
                body += self.request.recv(65536)
            shape = head.split()[1].decode().rstrip("/").split("/")[-1]
            way = head.split()[1].decode().split("/")[1]
            with Receiver.lock:
                for mark in set(re.findall(rb"mark-\d+-end", body)):
                    Receiver.posts.setdefault((way, shape, mark.decode()), []).append(time.time())
            if ODD.get(shape) is None:
                self.request.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
                for _ in range(40):
                    time.sleep(0.5)
                    self.request.sendall(b"1\r\nx\r\n")
                return
            self.request.sendall(ODD[shape])
        except OSError:
            pass


class Stale(socketserver.BaseRequestHandler):
    """Keeps a connection for one request, and says 408 to the next one on it."""

    posts, connections = [], 0

    def handle(self):
        Stale.connections += 1
        for number in range(2):
            head = b""
            while b"\r\n\r\n" not in head:
                more = self.request.recv(65536)
                if not more:
                    return
                head += more
            if number == 1:
                self.request.sendall(b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                return
            Stale.posts += set(re.findall(rb"mark-\d+-end", head))
            self.request.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")


class Threads(socketserver.ThreadingTCPServer):
    daemon_threads, request_queue_size, allow_reuse_address = True, 128, True


def odd_bodies():
    receiver = Threads(("127.0.0.1", 0), Receiver)
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    stale = Threads(("127.0.0.1", 0), Stale)
    threading.Thread(target=stale.serve_forever, daemon=True).start()
    back, plain, sealed = receiver.server_address[1], free_port(), free_port()
    nginx = root / "nginx"
    nginx.mkdir(exist_ok=True)
    (nginx / "nginx.conf").write_text(f"""
daemon off; pid {nginx}/pid; error_log {nginx}/error.log; worker_processes 1;
events {{ worker_connections 512; }}
http {{
  access_log off; client_body_temp_path {nginx}/a; proxy_temp_path {nginx}/b; fastcgi_temp_path {nginx}/c; uwsgi_temp_path {nginx}/d; scgi_temp_path {nginx}/e;
  proxy_buffering off; proxy_http_version 1.1; proxy_read_timeout 60s;
  server {{ listen 127.0.0.1:{plain}; location / {{ proxy_pass http://127.0.0.1:{back}; }} }}
  server {{ listen 127.0.0.1:{sealed} ssl http2; ssl_certificate {place_folder}/tls/cert.pem; ssl_certificate_key {place_folder}/tls/key.pem;
    location / {{ proxy_pass http://127.0.0.1:{back}; }} }}
}}
""")
    server = subprocess.Popen(["nginx", "-e", f"{nginx}/error.log", "-c", f"{nginx}/nginx.conf"], stderr=subprocess.DEVNULL)
    wait_until(lambda: socket.socket().connect_ex(("127.0.0.1", plain)) == 0, 5)
    ways = {"direct": f"http://127.0.0.1:{back}/direct", "one": f"http://127.0.0.1:{plain}/one", "two": f"https://localhost:{sealed}/two"}
    lines = []
    for way, base in ways.items():
        more = f', ca_file: "{place_folder}/tls/ca.pem"' if way == "two" else ""
        for shape in ODD:
            lines.append(f'  hook_{way}_{shape}: {{type: webhook, url: "{base}/hook/{shape}"{more}}}')
        for kind, shapes in {"slack": ["success", "result", "empty", "nothing", "page"], "teams": ["created", "nothing", "empty"], "rocketchat": ["ok"]}.items():
            for shape in shapes:
                lines.append(f'  {kind}_{way}_{shape}: {{type: {kind}, url: "{base}/hooks/{kind}/{shape}"{more}}}')
    lines.append(f'  stale: {{type: webhook, url: "http://127.0.0.1:{stale.server_address[1]}/stale"}}')
    relay = Relay("bodies", "\n".join(lines)).start()
    for number in range(2):
        relay.world.fail(f"mark-{number}-end")
        time.sleep(3)
    settled = lambda: all(one["owed"] == 0 for one in relay.status()["destinations"])
    check("bodies: everything is delivered", wait_until(settled, 30), [one for one in relay.status()["destinations"] if one["owed"]])
    time.sleep(6)
    twice = {key: len(times) for key, times in Receiver.posts.items() if len(times) != kinds(key)}
    check("bodies: each message is posted once to each destination", len(Receiver.posts) == 84 and not twice, twice or len(Receiver.posts))
    dead = relay.status()["dead"]
    check("bodies: nothing is dead", dead == [], dead[:3])
    check("bodies: a 408 on a kept connection costs nothing", sorted(Stale.posts) == [b"mark-0-end", b"mark-1-end"], Stale.posts)
    check("bodies: a web page is reported", "web page" in (relay.folder / "log").read_text(), "")
    print(f"     {len(Receiver.posts)} messages over HTTP/1.1, nginx HTTP/1.1 and nginx HTTP/2")
    relay.stop()
    server.terminate()
    receiver.shutdown()
    stale.shutdown()


def kinds(key):
    """How many destinations post to one path: webhooks, and the chats that share a shape."""
    way, shape, mark = key
    chats = {"success": 1, "result": 1, "empty": 2, "nothing": 2, "page": 1, "created": 1, "ok": 1}
    return 1 + chats.get(shape, 0)


def a_log_that_nobody_reads():
    taken = []

    class Hook(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            taken.append((time.time(), set(re.findall(rb"mark-\d+-end", body))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    listen = free_port()
    relay = Relay("log", f'  hook: {{type: webhook, url: "http://127.0.0.1:{server.server_address[1]}/"}}',
                  f'server: {{listen: "127.0.0.1:{listen}"}}')
    relay.process = subprocess.Popen([binary, "run", "--log-level", "trace"], cwd=relay.folder, env=environment, stderr=subprocess.PIPE, stdout=subprocess.PIPE)
    seconds = 60 if full else 20
    began = time.time()
    number = 0
    while time.time() - began < seconds:
        for _ in range(20):
            relay.world.fail(f"mark-{number}-end")
            number += 1
        time.sleep(1)
    slow = 0
    for path in ("/readyz", "/metrics"):
        asked = time.time()
        urllib.request.urlopen(f"http://127.0.0.1:{listen}{path}", timeout=10).read()
        slow = max(slow, time.time() - asked)
    check("log: pages answer while nobody reads", slow < 2, f"{slow:.2f} s")
    late = [when for when, _ in taken if when > began + seconds / 2]
    check(f"log: {number} messages of {seconds} s go on while nobody reads", len(late) > number / 4, f"{len(taken)} taken, {len(late)} in the second half")
    ended = relay.stop(15)
    check("log: SIGTERM ends it within its grace", ended < 10, f"{ended:.1f} s")
    server.shutdown()


def a_receiver_of_five_a_second():
    bucket = {"tokens": 5.0, "at": time.time()}
    taken, attempts, lock = [], [], threading.Lock()

    class Hook(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            with lock:
                now = time.time()
                bucket["tokens"] = min(5.0, bucket["tokens"] + (now - bucket["at"]) * 5)
                bucket["at"] = now
                attempts.append(now)
                good = bucket["tokens"] >= 1
                if good:
                    bucket["tokens"] -= 1
                    taken.append(re.search(rb"mark-\d+-end", body)[0])
            self.send_response(204 if good else 429)
            if not good:
                self.send_header("Retry-After", "1")
                self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    relay = Relay("pace", f'  hook: {{type: webhook, width: 50, url: "http://127.0.0.1:{server.server_address[1]}/"}}')
    for number in range(60):
        relay.world.fail(f"mark-{number}-end")
    relay.start()
    check("pace: all 60 messages arrive, each once", wait_until(lambda: len(taken) >= 60, 60) and len(set(taken)) == len(taken) == 60, len(taken))
    check("pace: at most 75 attempts", len(attempts) <= 75, f"{len(attempts)} attempts in {attempts[-1] - attempts[0]:.1f} s")
    relay.stop()
    server.shutdown()


def health_without_a_port():
    relay = Relay("health", "  screen: {type: console}").start()
    asked = {**environment, "http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}
    healthy = lambda: subprocess.run([binary, "health"], cwd=relay.folder, env=asked, capture_output=True).returncode == 0
    check("health: 0 without a port and with a proxy around", wait_until(healthy, 10))
    bare = {key: value for key, value in asked.items() if key != "REVKEEN_API_KEY"}
    for command in (["health"], ["status"], ["approvals", "list"]):
        done = subprocess.run([binary, *command], cwd=relay.folder, env=bare, capture_output=True, text=True)
        check(f"health: `{' '.join(command)}` needs no secret", done.returncode == 0, done.stderr)
    relay.stop()
    check("health: not 0 after the end", not healthy())
    log = (relay.folder / "log").read_text()
    check("health: a clean stop logs no error", "error" not in log.lower(), log[-500:])


parts = [a_policy_about_our_name, a_short_patience, a_quota, odd_bodies, a_receiver_of_five_a_second, a_log_that_nobody_reads, health_without_a_port]
wanted = sys.argv[2:]
for part in parts:
    if wanted and part.__name__ not in wanted:
        continue
    began = time.time()
    part()
    print(f"     {part.__name__}: {time.time() - began:.0f} s", flush=True)
print(f"field: {len(faults)} faults")
sys.exit(1 if faults else 0)
