"""Runs a release binary against a stand-in RevKeen whose answers are as large and as odd as they can be, over loopback.

Usage: large_answers.py BINARY [SECONDS]. Eight accounts get the same answers at once, over loopback only.
It fails if the relay dies, does not answer on its health port within a second, tells no approval, or needs more than 96 MB.
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
import urllib.request

LIMIT_KB = 96 * 1024
now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))


def approval(number, actions):
    return ('{"id":"a%d","run_id":"r1","automation_id":"au","status":"pending","created_at":"%s","action_summary":"Refund %d","actions_json":%s}'
            % (number, now, number, actions)).encode()


def listing(entries):
    return b'{"object":"list","data":[' + b",".join(entries) + b"]}"


def members(count):
    return "{" + ",".join('"m%d":1' % n for n in range(count)) + "}"


SHAPES = {
    "one approval of 380,000 members": lambda: listing([approval(0, "{}"), approval(1, members(380_000) + " " * 3_000_000)]),
    "one approval of 660,000 members": lambda: listing([approval(0, "{}"), approval(1, members(660_000))]),
    "approvals of 19,000 members each": lambda: listing([approval(n, members(19_000)) for n in range(44)]),
    "approvals of 19,900 numbers each": lambda: listing([approval(n, "[" + "1," * 19_900 + "1]") for n in range(100)] ),
    "approvals of long texts": lambda: listing([approval(n, '"' + "x" * 78_000 + '"') for n in range(100)]),
    "approvals 70 and 100,000 levels deep": lambda: listing([approval(0, "{}")] + [approval(n, "[" * d + "]" * d) for n, d in ((1, 70), (2, 100_000))]),
    "a list over 8 MB": lambda: listing([approval(n, '"' + "x" * 200_000 + '"') for n in range(60)]),
    "100,000 approvals": lambda: listing([b'{"id":"a%d","status":"pending"}' % n for n in range(100_000)]),
}


class StandIn(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    body = b""

    def do_GET(self):
        path = self.path.split("?")[0]
        if path.endswith("/approvals"):
            body = StandIn.body
        elif path.endswith("/automations"):
            body = b'{"data":[{"id":"au","name":"Refunds","status":"active"}]}'
        elif path.endswith("/runs"):
            body = b'{"data":[]}'
        elif path.endswith("/automations/au"):
            body = b'{"data":{"id":"au","name":"Refunds"}}'
        else:
            body = b'{"data":{"id":"r1","automation_id":"au","status":"waiting_for_approval"}}'
        try:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            self.close_connection = True

    def log_message(self, *_):
        pass


def status(pid, word):
    with open(f"/proc/{pid}/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(word))


def attack(binary, name, seconds, server):
    StandIn.body = SHAPES[name]()
    place = tempfile.mkdtemp(prefix="large-answers.")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    accounts = "\n".join(
        "  live%d: {api_key: 'rk_sandbox_aaaaaaaaaaaaaaaa%d', base_url: 'http://127.0.0.1:%d/v2', poll: {approvals: 5s}}"
        % (n, n, server.server_address[1]) for n in range(8))
    with open(f"{place}/relay.yaml", "w") as file:
        file.write(f"accounts:\n{accounts}\ndestinations:\n  out: {{type: file, folder: '{place}/out'}}\n"
                   f"routes:\n  - {{name: all, to: [out]}}\nserver: {{listen: '127.0.0.1:{port}'}}\nstore: '{place}/relay.db'\n")
    os.mkdir(f"{place}/out")
    log = open(f"{place}/log", "w")
    child = subprocess.Popen([binary, "run", "--config", f"{place}/relay.yaml"], stdout=log, stderr=log)
    slowest, until, worst = 0.0, time.time() + seconds, None
    time.sleep(1)
    while time.time() < until and child.poll() is None:
        began = time.time()
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5).read()
        except OSError as error:
            worst = error
        slowest = max(slowest, time.time() - began)
        time.sleep(0.2)
    alive = child.poll() is None
    peak = status(child.pid, "VmHWM") if alive else 0
    child.terminate()
    try:
        child.wait(20)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
    with open(f"{place}/out/messages.jsonl") as messages:
        told = sum(1 for line in messages)
    log.close()
    good = alive and worst is None and slowest < 1 and peak < LIMIT_KB and told > 0
    print(f"{'ok  ' if good else 'BAD '} {name} ({len(StandIn.body) / 1e6:.1f} MB x 8): alive {alive}, peak {peak / 1024:.1f} MB, "
          f"slowest health answer {slowest * 1000:.0f} ms, {told} told {worst or ''}", flush=True)
    if not good:
        print(open(f"{place}/log").read()[-3000:])
    shutil.rmtree(place)
    return good


def main():
    binary, seconds = sys.argv[1], float(sys.argv[2]) if len(sys.argv) > 2 else 15
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), StandIn)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # The relay may close a connection at any moment.
    threading.Thread(target=server.serve_forever, daemon=True).start()
    only = sys.argv[3:] or SHAPES
    results = [attack(binary, name, seconds, server) for name in SHAPES if any(word in name for word in only)]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
