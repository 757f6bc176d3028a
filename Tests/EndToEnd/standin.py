"""A RevKeen as its documentation shows it, and receivers that judge what they get. Nothing here is shared with the Swift sandbox."""

import base64
import hashlib
import hmac
import json
import threading
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HOSTILE = [
    "<!channel> and @here and <@U123> & <https://evil.example|your bank>",
    "a line\r\nBcc: victim@example.com\r\n\r\nand a body",
    "right to left: \u202e\u05e9\u05dc\u05d5\u05dd\u202c, \u0645\u0631\u062d\u0628\u0627",
    "emoji \U0001f469\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466 \U0001f1ec\U0001f1e7 e\u0301",
    "control \x00\x01\x07\x1b[31m\x7f characters",
    "x" * 40_000,
    "&amp; &lt; <b>bold</b> *stars* _under_ `code` ~gone~",
    "{{message}} {{{x}}} {{>y}} {{#z}}",
    ".\n..\n.\r\n.",
    "\n\n\n",
]
SECRET = b"0123456789abcdef0123456789abcdef"


def instant(ago=0):
    return (datetime.now(timezone.utc) - timedelta(seconds=ago)).strftime("%Y-%m-%dT%H:%M:%SZ")


class World:
    """One automation, one run for each hostile text, an approval for every second."""

    def __init__(self):
        self.runs, self.approvals = {}, []
        for number, text in enumerate(HOSTILE):
            run = {
                "id": f"00000000-0000-4000-8000-{number:012d}", "automation_id": "auto-1", "status": "completed",
                "started_at": instant(120), "completed_at": instant(60), "trigger_source": text[:200], "summary": text,
                "automation": {"id": "auto-1", "name": "Dunning " + text[:60], "risk_profile": "high"},
                "notifications": [{
                    "id": f"10000000-0000-4000-8000-{number:012d}", "priority": ["low", "normal", "high", "urgent"][number % 4],
                    "notification_type": text[:100], "message": text, "payload_json": {"note": text[:500]}, "created_at": instant(60),
                }],
                "steps": [], "approvals": [],
            }
            self.runs[run["id"]] = run
            if number % 2 == 0:
                self.approvals.append({
                    "id": f"20000000-0000-4000-8000-{number:012d}", "status": "pending", "action_summary": text, "run_id": run["id"],
                    "actions_json": [{"tool": "refund", "why": text[:2000]}], "created_at": instant(50),
                })

    def answer(self, path, query):
        parts = [part for part in path.split("/") if part][1:]
        if parts == ["automations", "approvals"]:
            return {"data": self.approvals}
        if parts == ["automations"]:
            return {"data": [{"id": "auto-1", "name": "Dunning", "status": "active", "risk_profile": "high"}]}
        if parts == ["automations", "auto-1"]:
            return {"data": {"id": "auto-1", "name": "Dunning", "status": "active", "risk_profile": "high"}}
        if parts == ["automations", "auto-1", "runs"]:
            hidden = ("notifications", "steps", "approvals", "automation")
            return {"data": [{k: v for k, v in run.items() if k not in hidden} for run in self.runs.values()]}
        if len(parts) == 4 and parts[2] == "runs" and parts[3] in self.runs:
            return {"data": self.runs[parts[3]]}
        return None


class Place:
    """The listening side: the API, a Slack-shaped receiver and a signed webhook."""

    def __init__(self):
        self.world, self.slack, self.hooks, self.asked, self.decided = World(), [], [], [], []
        place = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def reply(self, status, body):
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):
                path, _, query = self.path.partition("?")
                place.asked.append((self.path, self.headers.get("x-api-key") or self.headers.get("Authorization")))
                found = place.world.answer(path, query)
                if found is None:
                    return self.reply(404, b'{"error": {"code": "not_found", "message": "no such thing"}}')
                self.reply(200, json.dumps(found).encode())

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                parts = self.path.split("/")
                if self.path.startswith("/v2/automations/approvals/") and len(parts) == 6:
                    place.asked.append((self.path, self.headers.get("x-api-key")))
                    return self.reply(*place.decide(parts[4], parts[5], self.headers.get("Idempotency-Key"), body))
                if self.path == "/slack":
                    place.slack.append(json.loads(body))
                    return self.reply(200, b"ok")
                place.hooks.append((dict((k.lower(), v) for k, v in self.headers.items()), body))
                self.reply(200, b"{}")

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


    def decide(self, approval, verb, key, body):
        """Approve or reject, once, and a repeat under the same key like the first."""
        found = next((item for item in self.world.approvals if item["id"] == approval), None)
        if found is None:
            return 404, b'{"error": {"code": "not_found", "message": "no such thing"}}'
        if found["status"] != "pending":
            if (approval, verb, key) in [item[:3] for item in self.decided]:
                return 200, json.dumps({"data": {"approval_id": approval, "status": found["status"]}}).encode()
            return 409, b'{"error": {"code": "conflict", "message": "it is decided"}}'
        reason = json.loads(body).get("reason") if body else None
        self.decided.append((approval, verb, key, reason))
        found.update({"status": "approved" if verb == "approve" else "rejected", "approved_by_user_id": "api-key",
                      "approved_at": instant(), "updated_at": instant(), "rejection_reason": reason})
        return 200, json.dumps({"data": {"approval_id": approval, "status": found["status"]}}).encode()


def signature(headers, body):
    """Standard Webhooks, from its specification."""
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(SECRET, signed, hashlib.sha256).digest()).decode()
