"""Many runs finish at one moment behind a RevKeen whose lists page; the relay is killed meanwhile, and lists fail.

Usage: gaps.py BINARY [AUTOMATIONS] [RUNS] [KILLS]. RUNS (default 1,000) runs of each of AUTOMATIONS (default 3) fail at once, over
loopback only. One list in twenty is answered 500 or 429, and one page in five 500; the relay is killed KILLS (2) times.
It fails if one of them is never told, or told twice without a kill that explains it, or if a gap is still open at the end.
"""
import http.server
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

binary = os.path.realpath(sys.argv[1])
automations = int(sys.argv[2]) if len(sys.argv) > 2 else 3
runs_of_each = int(sys.argv[3]) if len(sys.argv) > 3 else 1_000
most_kills = int(sys.argv[4]) if len(sys.argv) > 4 else 2
seed = int(time.time())
chance = random.Random(seed)
finished = {"au%d" % n: [] for n in range(automations)}
details = {}
faults = [0]


def moment(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


class StandIn(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        path, _, query = self.path.partition("?")
        wanted = {name: values[0] for name, values in urllib.parse.parse_qs(query).items()}
        parts = path.removeprefix("/v2/").split("/")
        if "offset" in wanted and parts[-1] == "runs" and chance.random() < 0.2:
            faults[0] += 1
            return self.answer(500, {"error": {"code": "internal"}})
        if parts[-1] == "runs" and chance.random() < 0.05:
            faults[0] += 1
            return self.answer(*chance.choice([(500, {"error": {"code": "internal"}}), (429, {"error": {"code": "rate_limit_exceeded"}})]))
        if parts == ["automations", "approvals"]:
            return self.listing([], wanted)
        if parts == ["automations"]:
            return self.listing([{"id": id, "name": "Automation " + id, "status": "active"} for id in finished], wanted)
        if parts[-1] == "runs":
            return self.listing(finished[parts[1]], wanted)
        if len(parts) == 4:
            return self.answer(200, {"data": details[parts[3]]})
        self.answer(200, {"data": {"id": parts[1], "name": "Automation " + parts[1]}})

    def listing(self, rows, wanted):
        offset, limit = int(wanted.get("offset", 0)), int(wanted.get("limit", 100))
        self.answer(200, {"object": "list", "data": rows[offset:offset + limit]})

    def answer(self, status, document):
        body = json.dumps(document).encode()
        try:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("X-RateLimit-Limit", "1000000")
            if status == 429:
                self.send_header("Retry-After", "1")
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            self.close_connection = True

    def log_message(self, *_):
        pass


def finish():
    """All runs end in the same second."""
    now = moment(time.time())
    for id, rows in finished.items():
        for number in range(runs_of_each):
            run = {"id": f"{id}-{number}", "automation_id": id, "status": "failed", "created_at": now, "started_at": now, "completed_at": now,
                   "error_message": "the disk is full"}
            details[run["id"]] = run
            rows.insert(0, run)


def told(folder):
    """How often each run was told, by its id."""
    ids = {}
    for name in os.listdir(folder):
        with open(f"{folder}/{name}") as file:
            for line in file:
                try:
                    id = json.loads(line)["data"]["id"]
                except (ValueError, KeyError, TypeError):
                    continue
                if "/run/" in id:
                    ids[id] = ids.get(id, 0) + 1
    return ids


def status(config):
    out = subprocess.run([binary, "status", "--json", "--config", config], capture_output=True, text=True)
    return json.loads(out.stdout)


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), StandIn)
    server.daemon_threads = True
    server.handle_error = lambda *_: None
    threading.Thread(target=server.serve_forever, daemon=True).start()
    place = tempfile.mkdtemp(prefix="gaps.")
    config, out = f"{place}/relay.yaml", f"{place}/out"
    os.mkdir(out)
    with open(config, "w") as file:
        file.write(f"accounts: {{live: {{api_key: rk_sandbox_aaaaaaaaaaaaaaaa, base_url: 'http://127.0.0.1:{server.server_address[1]}/v2', "
                   "poll: {approvals: 5s, runs: 1s..5s}}}\n"
                   f"destinations: {{out: {{type: file, folder: '{out}'}}}}\nroutes: [{{name: all, to: [out]}}]\nstore: '{place}/relay.db'\n")
    log = open(f"{place}/log", "a")
    start = lambda: subprocess.Popen([binary, "run", "--config", config], stdout=log, stderr=log)
    child = start()
    time.sleep(3)
    finish()
    began, wanted, kills = time.time(), automations * runs_of_each, 0
    while time.time() - began < 60 + wanted / 20 + 5 * most_kills:
        time.sleep(0.5)
        count = len(told(out))
        if kills < most_kills and time.time() - began > 1.5 * (kills + 1):
            child.send_signal(signal.SIGKILL)
            child.wait()
            kills += 1
            child = start()
        if count >= wanted and not status(config)["gaps"]:
            break
    runs, gaps = told(out), status(config)["gaps"]
    count, again = len(runs), sum(times - 1 for times in runs.values())
    child.terminate()
    child.wait(20)
    # What was in flight at a kill is told again; the destination has a width of one.
    good = count == wanted and not gaps and again <= kills
    print(f"{'ok  ' if good else 'BAD '} gaps: {count} of {wanted} runs told in {time.time() - began:.0f} s, {again} twice, {faults[0]} lists failed, "
          f"{kills} kills, {len(gaps)} gaps left, seed {seed}")
    if good:
        shutil.rmtree(place)
    else:
        print(open(f"{place}/log").read()[-3000:])
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
