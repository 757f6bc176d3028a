"""A real Synapse: every event once, a lost answer repeated under its transaction id, a decision as an edit, its 429 obeyed. In a room with
approvers the link leads to a page on which the reader signs in and decides as themselves."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from standin import Place, instant

binary, folder, synapse = sys.argv[1], Path(os.environ["PLACE"]) / "matrix", int(os.environ["SYNAPSE_PORT"])
folder.mkdir(exist_ok=True)
faults = []


def check(what, good, detail=""):
    if not good:
        faults.append(what)
        print(f"FAULT {what} {detail}"[:800])


def call(method, path, body=None, token=None):
    request = urllib.request.Request(f"http://127.0.0.1:{synapse}/_matrix/client/v3{path}", method=method)
    request.add_header("Content-Type", "application/json")
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    data = json.dumps(body or {}).encode() if method != "GET" else None
    with urllib.request.urlopen(request, data, timeout=30) as answer:
        return json.load(answer)


class Between(BaseHTTPRequestHandler):
    """Stands between the relay and Synapse, and loses the answer to every fifth PUT after it was carried out."""

    protocol_version = "HTTP/1.1"
    puts, throttled, lost, times = 0, 0, 0, []
    lock = threading.Lock()

    def log_message(self, *_):
        pass

    def forward(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        request = urllib.request.Request(f"http://127.0.0.1:{synapse}{self.path}", method=self.command)
        for name in ("Authorization", "Content-Type"):
            if self.headers.get(name):
                request.add_header(name, self.headers[name])
        try:
            with urllib.request.urlopen(request, body if self.command != "GET" else None, timeout=30) as answer:
                status, headers, text = answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            status, headers, text = error.code, error.headers, error.read()
        with Between.lock:
            if self.command == "PUT":
                Between.puts += 1
                if status == 429:
                    Between.throttled += 1
                    Between.times.append((time.monotonic(), json.loads(text).get("retry_after_ms", 0) / 1000))
                elif Between.times and time.monotonic() < Between.times[-1][0] + Between.times[-1][1] - 0.05:
                    check("nothing comes before Synapse allows it", False, str(Between.times[-1]))
                elif status == 200 and Between.puts % 5 == 0:
                    Between.lost += 1
                    self.close_connection = True
                    self.connection.close()
                    return
        self.send_response(status)
        for name in ("Content-Type", "Retry-After"):
            if headers.get(name):
                self.send_header(name, headers[name])
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_PUT = do_POST = forward


between = ThreadingHTTPServer(("127.0.0.1", 0), Between)
threading.Thread(target=between.serve_forever, daemon=True).start()
relay_user = call("POST", "/login", {"type": "m.login.password", "user": "relay", "password": "pwrelay"})
token = relay_user["access_token"]
room = call("POST", "/createRoom", {"preset": "private_chat"}, token)["room_id"]

place = Place()
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    pages = free.getsockname()[1]
(folder / "relay.yaml").write_text(f"""
accounts:
  live: {{api_key: "${{REVKEEN_API_KEY}}", base_url: "http://127.0.0.1:{place.port}/v2", first_look: 1h,
         poll: {{approvals: 1s, runs: 1s..2s, automations: 5s, budget: none}}}}
destinations:
  room: {{type: matrix, server: "http://127.0.0.1:{between.server_address[1]}", token: "${{MATRIX_TOKEN}}", room: "{room}"}}
routes:
  - {{name: all, when: {{kind: [notification, approval, run]}}, to: [room]}}
server: {{public_listen: "127.0.0.1:{pages}", public_url: "http://127.0.0.1:{pages}"}}
""")
environment = {**os.environ, "REVKEEN_API_KEY": "rk_sandbox_endtoend", "MATRIX_TOKEN": token}
relay = subprocess.Popen([binary, "run"], cwd=folder, env=environment, stderr=subprocess.PIPE, text=True)


def timeline():
    found, start = [], None
    while True:
        page = call("GET", f"/rooms/{room}/messages?dir=b&limit=100" + (f"&from={start}" if start else ""), token=token)
        found += [event for event in page["chunk"] if event["type"] == "m.room.message"]
        start = page.get("end")
        if not start or not page["chunk"]:
            return found


def wait_until(what, seconds, condition):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.3)
    check(what, False, f"{len(timeline())} messages, {Between.puts} puts")


expected = 2 * len(place.world.runs) + len(place.world.approvals)
wait_until("every event comes to the room", 120, lambda: len(timeline()) >= expected)
time.sleep(2)
first = [event for event in timeline() if "m.relates_to" not in event["content"]]
check("and none twice, although answers were lost", len(first) == expected, f"{len(first)} of {expected}")
check("answers were lost", Between.lost > 0)
check("Synapse said 429, and was obeyed", Between.throttled > 0)
check("nobody is called", all(event["content"].get("m.mentions") == {} for event in first))


def replacements():
    return [event for event in timeline() if event["content"].get("m.relates_to", {}).get("rel_type") == "m.replace"]


approval = place.world.approvals[1]
approval.update({"status": "approved", "approved_by_user_id": "user-1", "approved_at": instant(), "updated_at": instant()})
wait_until("the decision edits the request", 60, lambda: any(
    event["content"].get("m.relates_to", {}).get("rel_type") == "m.replace" for event in timeline()))
edits = replacements()
check("one edit, of the first event", len({event["content"]["m.relates_to"]["event_id"] for event in edits}) == 1, str(len(edits)))
check("it says what was decided", all("approved" in event["content"]["m.new_content"]["body"].lower() for event in edits))
check("and no message more", len([e for e in timeline() if "m.relates_to" not in e["content"]]) == expected)

# The same by the link that stands in the room, and from the command line.
linked, typed = place.world.approvals[2], place.world.approvals[3]
words = next(event["content"]["body"] for event in first if linked["id"] in event["content"]["body"])
link = re.search(r"http://127\.0\.0\.1:\d+/a/\S+", words).group(0)
with urllib.request.urlopen(link) as answer:
    page, cookie = answer.read().decode(), answer.headers["Set-Cookie"].split(";")[0]
hidden = dict(re.findall(r'name="(seen|csrf)" value="([^"]*)"', page))
form = urllib.parse.urlencode({**hidden, "verdict": "approve", "reason": ""}).encode()
with urllib.request.urlopen(urllib.request.Request(link, data=form, headers={"Cookie": cookie})) as answer:
    check("the page says that it was approved", "Approved by somebody at room" in answer.read().decode())
done = subprocess.run([binary, "approvals", "reject", typed["id"], "--reason", "too dear"], cwd=folder, env=environment, capture_output=True, text=True)
check("the command line rejects", done.returncode == 0, done.stdout + done.stderr)
wait_until("both edit their requests", 60, lambda: len({event["content"]["m.relates_to"]["event_id"] for event in replacements()}) == 3)
last = {event["content"]["m.relates_to"]["event_id"]: event["content"]["m.new_content"]["body"] for event in reversed(replacements())}
check("with who it was", any("Approval approved" in body and "somebody at room" in body for body in last.values()), str(last))
check("and why", any("Approval rejected" in body and "too dear" in body for body in last.values()), str(last))
check("and still no message more", len([e for e in timeline() if "m.relates_to" not in e["content"]]) == expected)
check("each was decided once", len(place.decided) == 2, str(place.decided))
edits = replacements()

relay.send_signal(signal.SIGTERM)
said = relay.communicate(timeout=30)[1]
check("the relay ends with 0", relay.returncode == 0, said[-1500:])
check("the token is said to nobody", token not in said)

# Another room, with approvers. Everybody in it reads the link; a proxy, which the test plays, says who they are.
asked = {"id": "20000000-0000-4000-8000-000000000099", "status": "pending", "action_summary": "Refund 1,240.00 EUR to Kim & Co",
         "run_id": "00000000-0000-4000-8000-000000000099", "actions_json": [{"tool": "refund"}], "created_at": instant(5)}
place.world.runs[asked["run_id"]] = {**next(iter(place.world.runs.values())), "id": asked["run_id"], "status": "waiting_for_approval",
                                     "completed_at": None, "notifications": [], "approvals": [asked]}
place.world.approvals[:] = [asked]
room = call("POST", "/createRoom", {"preset": "private_chat"}, token)["room_id"]
second = folder / "approvers"
second.mkdir(exist_ok=True)
(second / "relay.yaml").write_text(f"""
people: {{ann: {{email: ann@box.test}}, bob: {{email: bob@box.test}}}}
accounts:
  live: {{api_key: "${{REVKEEN_API_KEY}}", base_url: "http://127.0.0.1:{place.port}/v2", first_look: 1h,
         poll: {{approvals: 1s, runs: 1s..2s, automations: 5s, budget: none}}}}
destinations:
  room: {{type: matrix, server: "http://127.0.0.1:{synapse}", token: "${{MATRIX_TOKEN}}", room: "{room}"}}
routes:
  - {{name: refunds, when: {{kind: approval}}, to: [room], approvers: [ann]}}
server:
  public_listen: "127.0.0.1:{pages}"
  public_url: "http://127.0.0.1:{pages}"
  sign_in: {{header: {{name: X-Forwarded-Email, from: ["127.0.0.1"]}}}}
""")
relay = subprocess.Popen([binary, "run"], cwd=second, env=environment, stderr=subprocess.PIPE, text=True)


def read(address, email=None, form=None, cookie=None):
    """What a browser behind the proxy gets, the cookie that it is given, and where it is sent."""
    headers = {name: value for name, value in (("X-Forwarded-Email", email), ("Cookie", cookie)) if value}
    request = urllib.request.Request(address, data=urllib.parse.urlencode(form).encode() if form else None, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read().decode(), (answer.headers["Set-Cookie"] or "").split(";")[0], answer.geturl()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(), "", error.geturl()


def fields(page):
    return {**dict(re.findall(r'name="(seen|csrf)" value="([^"]*)"', page)), "verdict": "approve", "reason": ""}


wait_until("the request comes to the room", 60, lambda: any("/a/" in event["content"]["body"] for event in timeline()))
request = next((event for event in timeline() if "/a/" in event["content"]["body"]), None)
if request:
    link = re.search(r"http://127\.0\.0\.1:\d+/a/\S+", request["content"]["body"]).group(0)
    status, page, _, _ = read(link)
    offered = re.search(r'href="(/sign-in\?to=[^"]*)"', page)
    check("a reader who is not known is asked to sign in", status == 200 and offered and "Refund 1,240.00 EUR" in page and 'name="verdict"' not in page, page[-800:])
    if offered:
        sign_in = f"http://127.0.0.1:{pages}" + offered.group(1).replace("&amp;", "&")
        status, page, _, _ = read(sign_in)
        check("which the proxy must do", status == 503 and "did not name you" in page, page[-800:])
        check("and leads back to the link", read(sign_in, "ann@box.test")[3] == link)
    status, page, cookie, _ = read(link, "bob@box.test")
    check("who may not decide only reads", status == 200 and 'name="verdict"' not in page and "ann" in page, page[-800:])
    status, page, _, _ = read(link, "eve@elsewhere.test")
    check("a stranger has no form either", 'name="verdict"' not in page, page[-800:])
    status, page, cookie, _ = read(link, "ann@box.test")
    check("who may decides as themselves", status == 200 and "You decide as <strong>ann</strong>" in page, page[-800:])
    form = fields(page)
    status, answer, _, _ = read(link, "bob@box.test", form, cookie)
    check("the form is of no use to another reader", not place.decided[2:], f"{status} {answer[-800:]}")
    status, answer, _, _ = read(link, "ann@box.test", form, cookie)
    check("the page says so", status == 200 and "Approved by ann" in answer, answer[-800:])
    check("RevKeen was told once", [item[:2] for item in place.decided[2:]] == [(asked["id"], "approve")], str(place.decided))
    def edits_of_request():
        return [event["content"]["m.new_content"]["body"] for event in replacements() if event["content"]["m.relates_to"]["event_id"] == request["event_id"]]

    wait_until("the room's message becomes the decision", 60, lambda: any("Approval approved" in body for body in edits_of_request()))
    check("with who it was, and without a link", edits_of_request() and "Decided by ann" in edits_of_request()[0] and "/a/" not in edits_of_request()[0], str(edits_of_request()))
    check("and no other message comes", len([event for event in timeline() if "m.relates_to" not in event["content"]]) == 1)
    log = subprocess.run([binary, "approvals", "log", "--json"], cwd=second, env=environment, capture_output=True, text=True)
    check("the log names who decided", [item["actor"] for item in json.loads(log.stdout or "[]") if item["state"] == "taken"] == ["ann"], log.stdout + log.stderr)
relay.send_signal(signal.SIGTERM)
said = relay.communicate(timeout=30)[1]
check("the second relay ends with 0", relay.returncode == 0, said[-1500:])
print(f"matrix: {len(first)} events in the room of {expected}, {len(edits)} edits by dashboard, link and command line, one by ann in a room with approvers, {Between.puts} puts, {Between.throttled} times 429, "
      f"{Between.lost} answers lost; {len(faults)} faults")
sys.exit(1 if faults else 0)
