"""What an idle account costs: 20 automations with full lists of 100 runs each, and 100 decided approvals, of which nothing changes.

Usage: idle.py BINARY [SECONDS] [EFFORT]. It prints the share of one core, the bytes on the wire and the requests, over loopback
only. At `normal` it fails over 1 % of a core or 1 MB a minute. Nothing was learned yet, so this is the most that it costs.
"""
import http.server
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

binary = os.path.realpath(sys.argv[1])
seconds = int(sys.argv[2]) if len(sys.argv) > 2 else 60
effort = sys.argv[3] if len(sys.argv) > 3 else "normal"
wire = [0, 0]
asked = {}


def moment(age):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(began - age))


began = time.time()
words = "The nightly reconciliation compared 1,204 invoices with the ledger and found three differences, which were booked as adjustments."
automations = [{"id": f"a{n}", "name": f"Automation {n}", "status": "active", "trigger_type": "schedule"} for n in range(20)]
runs = {a["id"]: [{"id": f"{a['id']}-{n}", "automation_id": a["id"], "automation_name": a["name"], "status": "succeeded",
                   "trigger_source": "schedule", "summary": words, "created_at": moment(86400 + n * 3600),
                   "started_at": moment(86400 + n * 3600), "completed_at": moment(86400 + n * 3600 - 40)} for n in range(100)]
        for a in automations}
approvals = [{"id": f"p{n}", "run_id": "r", "automation_id": "a0", "status": "approved", "action_summary": words,
              "actions_json": [{"type": "refund", "amount": n}], "created_at": moment(90000 + n * 60), "approved_at": moment(89000 + n * 60),
              "approved_by_user_id": "u1"} for n in range(100)]


class StandIn(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        path, _, query = self.path.partition("?")
        wanted = {name: values[0] for name, values in urllib.parse.parse_qs(query).items()}
        parts = path.removeprefix("/v2/").split("/")
        rows = approvals if parts[-1] == "approvals" else automations if len(parts) == 1 else runs.get(parts[1], [])
        if "status" in wanted:
            rows = [row for row in rows if row["status"] == wanted["status"]]
        offset, limit = int(wanted.get("offset", 0)), int(wanted.get("limit", 25))
        kind = f"{parts[-1]} limit={limit}"
        asked[kind] = asked.get(kind, 0) + 1
        body = json.dumps({"object": "list", "data": rows[offset:offset + limit]}).encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\nX-RateLimit-Limit: 1000\r\n\r\n".encode()
        wire[0] += len(self.raw_requestline) + sum(len(k) + len(v) + 4 for k, v in self.headers.items()) + 2
        wire[1] += len(head) + len(body)
        self.wfile.write(head + body)

    def log_message(self, *_):
        pass


def cpu(pid):
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), StandIn)
threading.Thread(target=server.serve_forever, daemon=True).start()
with tempfile.TemporaryDirectory() as place:
    with open(place + "/relay.yaml", "w") as file:
        json.dump({"accounts": {"a": {"api_key": "rk_sandbox_idle", "base_url": f"http://127.0.0.1:{server.server_port}/v2",
                                      "poll": {"effort": effort}}},
                   "destinations": {"ops": {"type": "console"}}, "routes": [{"name": "all", "to": ["ops"]}]}, file)
    relay = subprocess.Popen([binary, "run", "--config", place + "/relay.yaml"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        time.sleep(15)
        first, bytes_before, before = cpu(relay.pid), sum(wire), dict(asked)
        time.sleep(seconds)
        share = 100 * (cpu(relay.pid) - first) / seconds
        megabytes = (sum(wire) - bytes_before) / 1e6 / seconds * 60
        made = {kind: count - before.get(kind, 0) for kind, count in asked.items() if count > before.get(kind, 0)}
    finally:
        relay.send_signal(signal.SIGTERM)
        relay.wait(20)
print(f"{effort}: {share:.2f} % of one core, {megabytes:.2f} MB a minute, {sum(made.values()) / seconds * 60:.0f} requests a minute {made}")
if effort == "normal" and (share > 1 or megabytes > 1):
    sys.exit("an idle account costs more than 1 % of a core or 1 MB a minute")
