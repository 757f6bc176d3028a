"""The desk in a real browser: people sign in at a real issuer or through a real nginx, decide, act, and see what others do, with script and
without, by mouse and by keyboard. axe-core judges every page by day and by night."""

import base64
import hashlib
import http.client
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
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

USERS = ["ann@box.test", "bob@box.test", "eve@box.test", "zoe@elsewhere.test"]


def issuer(port):
    """An OpenID provider that also holds clients to PKCE, which the provider itself does not. It runs in a process of its own."""
    import flask
    import oidc_provider_mock
    from oidc_provider_mock import User
    from werkzeug.serving import make_server

    os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"
    people = [User(sub=user, claims={"email": user, "email_verified": True}) for user in USERS]
    app = oidc_provider_mock.app(require_nonce=True, user_claims=people)
    challenges, seen = {}, []

    @app.before_request
    def verify():
        if flask.request.path == "/pkce":
            return flask.jsonify(seen)
        if flask.request.path == "/oauth2/token":
            form = flask.request.form
            challenge, method = challenges.pop(form.get("code"), (None, None))
            digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
            fits = challenge is not None and base64.urlsafe_b64encode(digest).decode().rstrip("=") == challenge
            seen.append({"method": method, "fits": fits, "length": len(form.get("code_verifier", ""))})
            if not fits:
                return flask.jsonify({"error": "invalid_grant"}), 400

    @app.after_request
    def remember(response):
        code = re.search(r"[?&]code=([^&]+)", response.headers.get("Location", ""))
        if code and flask.request.path == "/oauth2/authorize":
            asked = flask.request.args
            challenges[code.group(1)] = (asked.get("code_challenge"), asked.get("code_challenge_method"))
        if response.mimetype == "text/html":  # its style is elsewhere
            response.set_data(re.sub(rb"(?s)<link\b.*?>", b"", response.get_data()))
        return response

    make_server("127.0.0.1", port, app, threaded=True).serve_forever()


if sys.argv[1] == "issuer":
    issuer(int(sys.argv[2]))

# Only the test itself has these, and not its issuer.
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Error, sync_playwright

from standin import Place, instant

began = time.monotonic()
binary, folder = os.path.realpath(sys.argv[1]), Path(os.environ["PLACE"]) / "desk"
shots = Path(os.environ.get("SHOTS", folder / "shots"))
for made in (folder, shots, folder / "proxied", folder / "far", folder / "nginx"):
    made.mkdir(parents=True, exist_ok=True)
faults, processes, checks = [], [], 0


def check(what, good, detail=""):
    global checks
    checks += 1
    if not good:
        faults.append(what)
        print(f"FAULT {what} {detail}"[:1500], flush=True)
    return good


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


class Office:
    """A RevKeen with four automations, of which one fails, and with the requests that this test asks for."""

    names = {"auto-1": "Refunds", "auto-2": "Payments", "auto-3": "Nightly payout to all shops", "auto-4": "Sync stock"}

    def __init__(self):
        self.approvals, self.runs = [], {}

    def run(self, number, automation, **fields):
        known = {
            "id": f"00000000-0000-4000-8000-{number:012d}", "automation_id": automation, "status": "completed", "started_at": instant(120),
            "completed_at": instant(60), "trigger_source": "schedule", "automation": {"id": automation, "name": self.names[automation]},
            "notifications": [], "steps": [], "approvals": [], **fields,
        }
        self.runs[known["id"]] = known
        return known

    def ask(self, number, text, automation="auto-1", ago=50, **action):
        run = self.run(500 + number, automation, status="waiting_for_approval", completed_at=None)
        approval = {
            "id": f"30000000-0000-4000-8000-{number:012d}", "status": "pending", "action_summary": text, "run_id": run["id"],
            "automation": run["automation"], "automation_id": automation, "automation_name": self.names[automation],
            "actions_json": [{"tool": "refund", "customer": "Kim & Co <b>x</b>", **action}], "created_at": instant(ago),
        }
        run["approvals"] = [approval]
        self.approvals.append(approval)
        return approval

    def answer(self, path, query):
        parts = [part for part in path.split("/") if part][1:]
        if parts == ["automations", "approvals"]:
            return {"data": self.approvals}
        if parts == ["automations"]:
            return {"data": [{"id": one, "name": name, "status": "active"} for one, name in self.names.items()]}
        if len(parts) == 2 and parts[1] in self.names:
            return {"data": {"id": parts[1], "name": self.names[parts[1]], "status": "active"}}
        if len(parts) == 3 and parts[2] == "runs":
            hidden = ("notifications", "steps", "approvals", "automation")
            mine = sorted((run for run in list(self.runs.values()) if run["automation_id"] == parts[1]), key=lambda run: run["started_at"], reverse=True)
            return {"data": [{k: v for k, v in run.items() if k not in hidden} for run in mine]}
        if len(parts) == 4 and parts[2] == "runs" and parts[3] in self.runs:
            return {"data": self.runs[parts[3]]}
        return None


class Receiver(BaseHTTPRequestHandler):
    """/hook takes everything; /flaky refuses everything until it is mended."""

    protocol_version = "HTTP/1.1"
    mended, taken = False, {"/hook": [], "/flaky": []}

    def log_message(self, *_):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        good = self.path == "/hook" or Receiver.mended
        if good:
            Receiver.taken[self.path].append(json.loads(body))
        self.send_response(200 if good else 400)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")


receiver = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
threading.Thread(target=receiver.serve_forever, daemon=True).start()
place, office = Place(), Office()
place.world = office
for day in range(9):
    office.run(100 + day, "auto-3", started_at=instant(day * 86_400 + 400), completed_at=instant(day * 86_400 + 300 - 20 * day),
               **({"status": "failed", "error_message": f"The bank's answer was 503 after {day + 3} tries: Service Unavailable"} if day < 5 else {}))
    office.run(200 + day, "auto-4", started_at=instant(day * 86_400 + 900), completed_at=instant(day * 86_400 + 700 + 11 * day))
for number in range(5):
    office.run(300 + number, "auto-4", started_at=instant(90), completed_at=instant(80), notifications=[{
        "id": f"10000000-0000-4000-8000-{number:012d}", "priority": "normal", "notification_type": "stock", "message": f"Shelf {number + 1} is empty",
        "payload_json": {}, "created_at": instant(80)}])
one = office.ask(1, "Refund order 1001 to Kim & Co <script>document.title='owned'</script>", amount="1,240.00 EUR", ago=9_000)
several = [office.ask(2 + number, f"Refund order 200{number}", amount=f"{number + 1}0.00 EUR", ago=800) for number in range(3)]
dear = office.ask(5, "Refund order 3001, the dear one", amount="9,000.00 EUR")
paid = office.ask(6, "Pay the tax office 99,000.00 EUR", "auto-2")
both = office.ask(7, "Refund order 4001, which two look at")
keyed = office.ask(8, "Refund order 5001 by keyboard")
ticked = office.ask(9, "Refund order 5002 by keyboard, ticked")
plain = [office.ask(10 + number, f"Refund order 600{number} without script") for number in range(3)]
stays = office.ask(13, "Write off invoice INV-2041: the customer has moved to another country, and three letters came back unopened",
                   **{f"field_{number}": f"value {number}, " * (1 + number % 3) for number in range(8)}, address="a" * 180, ago=90_000)
stays_too = office.ask(14, "Write off invoice INV-2042", ago=7_000)
linked = office.ask(15, "Refund order 7001, read by a link")
proxied = [office.ask(20 + number, f"Refund order 800{number} behind nginx") for number in range(2)]
everything = len(office.approvals)

issuer_url, url, front = (f"http://127.0.0.1:{free_port()}" for _ in range(3))
behind, far = free_port(), free_port()
common = f"""
people: {{ann: {{email: ann@box.test, operator: true}}, bob: {{email: bob@box.test}}, eve: {{email: eve@box.test}}}}
accounts:
  live: {{api_key: "${{REVKEEN_API_KEY}}", base_url: "http://127.0.0.1:{place.port}/v2", first_look: 15d, catch_up: 30d,
         poll: {{approvals: 1s, runs: 1s..2s, budget: none}}}}
destinations:
  hook: {{type: webhook, url: "http://127.0.0.1:{receiver.server_address[1]}/hook"}}
  flaky: {{type: webhook, url: "http://127.0.0.1:{receiver.server_address[1]}/flaky"}}
routes:
  - {{name: payments, when: {{kind: approval, automation: Payments}}, to: [hook], approvers: [ann, bob], reason: required, stop: true}}
  - {{name: refunds, when: {{kind: [approval, decision]}}, to: [hook], approvers: [ann, bob]}}
"""
(folder / "relay.yaml").write_text(common + f"""
  - {{name: failures, when: {{kind: run, outcome: failed}}, to: [hook], digest: [morning]}}
  - {{name: notes, when: {{kind: notification}}, to: [flaky]}}
digests: {{morning: {{at: "08:00", time_zone: Europe/London, to: [hook], waiting: true}}}}
expect: [{{automation: "Sync*", succeed_every: 1d}}]
server:
  public_listen: "{url[7:]}"
  public_url: "{url}"
  sign_in: {{oidc: {{issuer: "{issuer_url}", client_id: notify-relay, client_secret: "${{OIDC_SECRET}}"}}}}
""")
for name, port, public, proxies in (("proxied", behind, front, "127.0.0.1/32"), ("far", far, f"http://127.0.0.1:{far}", "10.0.0.0/8")):
    (folder / name / "relay.yaml").write_text(common + f"""
server:
  public_listen: "127.0.0.1:{port}"
  public_url: "{public}"
  sign_in: {{header: {{name: X-Forwarded-Email, from: ["{proxies}"]}}}}
""")
(folder / "nginx" / "users").write_text("ann:{PLAIN}pwann\nbob:{PLAIN}pwbob\nzoe:{PLAIN}pwzoe\n")
(folder / "nginx" / "nginx.conf").write_text(f"""
daemon off; worker_processes 1; pid {folder}/nginx/pid; error_log {folder}/nginx/error.log;
events {{}}
http {{
    access_log off;
    {" ".join(f"{kind}_temp_path {folder}/nginx/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))}
    map $remote_user $mail {{ default ""; ann ann@box.test; bob bob@box.test; zoe zoe@elsewhere.test; }}
    server {{
        listen {front[7:]};
        auth_basic "the desk";
        auth_basic_user_file {folder}/nginx/users;
        location / {{
            proxy_pass http://127.0.0.1:{behind};
            proxy_set_header Host $host;
            proxy_set_header X-Forwarded-For $remote_addr;
            proxy_set_header X-Forwarded-Email $mail;
            proxy_buffering off;
        }}
    }}
}}
""")
environment = {**os.environ, "REVKEEN_API_KEY": "rk_sandbox_endtoend", "OIDC_SECRET": "a secret of this test"}


def start(name, arguments, at):
    process = subprocess.Popen(arguments, cwd=at, env=environment, stdout=subprocess.DEVNULL, stderr=open(folder / f"{name}.log", "w"))
    processes.append((name, process))
    return process


start("issuer", [sys.executable, __file__, "issuer", issuer_url.rsplit(":", 1)[1]], folder)
start("nginx", ["nginx", "-e", f"{folder}/nginx/error.log", "-c", f"{folder}/nginx/nginx.conf"], folder)
relay = start("relay", [binary, "run"], folder)


def end(code):
    for name, process in processes:
        process.send_signal(signal.SIGTERM)
    for name, process in processes:
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            check(f"{name} ends when it is told to", False)
    sys.exit(code)


def said(name):
    return (folder / f"{name}.log").read_text()


def wait_until(what, condition, seconds=20, pause=lambda: time.sleep(0.1)):
    """Waits for a condition, which is a check as well."""
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        found = condition()
        if found:
            check(what, True)
            return found
        pause()
    check(what, False, f"not within {seconds} s")
    return None


def answers(address):
    try:
        with urllib.request.urlopen(address, timeout=5):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def log(*flags):
    found = subprocess.run([binary, "approvals", "log", "--json", *flags], cwd=folder, env=environment, capture_output=True, text=True)
    check("the log is printed", found.returncode == 0, found.stderr)
    return json.loads(found.stdout or "[]")


def decided(approval):
    return [(verb, reason) for identifier, verb, _, reason in place.decided if identifier == approval["id"]]


def path_of(approval):
    return f"/approvals/live/{approval['id']}"


if not (wait_until("the issuer answers", lambda: answers(issuer_url + "/.well-known/openid-configuration"))
        and wait_until("the relay answers", lambda: answers(url + "/"))):
    print(said("relay")[-3000:], said("issuer")[-3000:])
    end(1)
wait_until("every request is told", lambda: sum(item["type"] == "approval" for item in Receiver.taken["/hook"]) >= everything)

# The relay behind nginx begins when the first one has told of its requests, so that both have a quiet start.
start("proxied", [binary, "run"], folder / "proxied")
start("far", [binary, "run"], folder / "far")

driver = sync_playwright().start()
browser = driver.chromium.launch(executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=["--no-sandbox", "--disable-dev-shm-usage"])
complaints, requests, pages_seen = [], [], set()
expected_statuses = [("404", re.escape(issuer_url) + "/favicon.ico")]


def context_of(**settings):
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, "timezone_id": "Europe/London", "locale": "en-GB", **settings})
    context.set_default_timeout(8_000)
    context.on("request", lambda request: requests.append(request.url))
    context.on("weberror", lambda error: complaints.append(f"error: {error.error}"))
    context.on("console", heard)
    return context


def heard(message):
    address = message.location.get("url", "")
    status = re.search(r"status of (\d+)", message.text)
    if status and any(status.group(1) == expected and re.search(pattern, address) for expected, pattern in expected_statuses):
        return
    if message.type in ("error", "warning"):
        complaints.append(f"{message.type}: {message.text} {address}")


def expect_status(status, pattern):
    """A page that this test opens on purpose, and of which the browser reports the status."""
    expected_statuses.append((str(status), pattern))


def sign_in(page, email, path="/"):
    page.goto(url + path)
    check("who is not signed in comes to the issuer", page.url.startswith(issuer_url), page.url)
    page.get_by_role("button", name=email, exact=True).click()
    page.wait_for_load_state()


def text(page):
    return page.locator("main").inner_text()


def status_of(page):
    return " ".join(page.get_by_role("status").all_inner_texts())


def becomes(state, locator, seconds):
    try:
        locator.first.wait_for(state=state, timeout=seconds * 1_000)
        return True
    except Error:
        return False


def shown(locator, seconds=5):
    return becomes("visible", locator, seconds)


def gone(locator, seconds=5):
    return becomes("hidden", locator, seconds)


def box_of(page, approval):
    return page.get_by_role("checkbox", name=approval["action_summary"], exact=True)


def signing_in():
    """Somebody of people: comes back to where they wanted to go; a stranger is told so; who has no right only reads."""
    global anns, bobs
    context = context_of()
    page = context.new_page()
    sign_in(page, "ann@box.test", path_of(one) + "?from=mail")
    check("one comes back to the page that was asked for", page.url == url + path_of(one) + "?from=mail", page.url)
    check("and is known by name", "ann" in page.get_by_role("banner").inner_text(), page.get_by_role("banner").inner_text())
    check("markup in what is asked is text", "<script>document" in text(page) and page.title() != "owned")
    cookies = context.cookies()
    check("no script can read a cookie, and no other site's form brings one", cookies and all(item["httpOnly"] and item["sameSite"] == "Lax" for item in cookies), str(cookies))
    anns = context.storage_state()
    other = context_of()
    sign_in(other.new_page(), "bob@box.test")
    bobs = other.storage_state()
    other.close()

    stranger = context_of()
    page = stranger.new_page()
    expect_status(403, r"/sign-in/done")
    sign_in(page, "zoe@elsewhere.test", path_of(one))
    check("a stranger is told so", "You are not known here" in text(page) and "zoe@elsewhere.test" in text(page), text(page))
    check("and sees nothing", "1001" not in page.content())
    page.goto(url + "/approvals")
    check("and is as unknown afterwards", page.url.startswith(issuer_url), page.url)
    stranger.close()

    context2 = context_of()
    page = context2.new_page()
    sign_in(page, "eve@box.test", path_of(one))
    check("who has no right sees it", "Refund order 1001" in text(page), text(page))
    check("but has no form", page.get_by_role("button", name="Approve").count() == 0 and page.locator("textarea").count() == 0)
    check("and is told who has", "ann, bob" in text(page), text(page))
    page.goto(url + "/approvals")
    check("and no boxes to tick", page.get_by_role("checkbox").count() == 0 and page.get_by_role("button", name="Approve the ticked ones").count() == 0)
    mark = page.locator("main input[name=csrf]")
    if mark.count():
        box = box_of(page, one)
        box.check()
        page.get_by_role("button", name="Approve the ticked ones").click()
        check("what they post decides nothing", not decided(one), text(page))
    page.goto(url + "/destinations/flaky")
    check("who is no operator has no button there", page.locator("main").get_by_role("button").count() == 0)
    context2.close()
    with urllib.request.urlopen(issuer_url + "/pkce") as found:
        seen = json.load(found)
    check("PKCE: a challenge by S256 and its verifier", len(seen) == 4 and all(item["fits"] and item["method"] == "S256" and item["length"] >= 43 for item in seen), str(seen))
    context.close()


def deciding():
    """One with its page, three at once of which one changed, and reasons."""
    context = context_of(storage_state=anns)
    page = context.new_page()
    page.goto(url + path_of(one))
    check("it says as whom one decides", "You decide as ann" in text(page))
    page.get_by_role("button", name="Approve").click()
    check("one is decided", "approved by ann" in status_of(page).lower(), text(page))
    check("and its form is gone", page.get_by_role("button", name="Approve").count() == 0)
    check("RevKeen was told once", decided(one) == [("approve", None)], str(decided(one)))

    page.goto(url + "/approvals")
    for approval in several:
        box_of(page, approval).check()
    several[1]["action_summary"] = "Refund order 2001 and 2999"
    check("a page with ticks is not replaced, but says that something changed", shown(page.get_by_text("Something here has changed")))
    check("the ticks stay", all(page.get_by_role("checkbox", name=f"Refund order 200{number}", exact=True).is_checked() for number in range(3)))
    page.get_by_label("Reason, for those that you reject").fill("for the books")
    page.get_by_role("button", name="Approve the ticked ones").click()
    check("what changed meanwhile is not decided", not decided(several[1]) and "changed" in status_of(page), status_of(page))
    check("and is shown again", box_of(page, several[1]).count() == 1 and not box_of(page, several[1]).is_checked())
    check("the other two are", [len(decided(several[number])) for number in (0, 2)] == [1, 1], str(place.decided))
    check("and are no longer in the list", box_of(page, several[0]).count() == box_of(page, several[2]).count() == 0)
    check("each is said", all(f"order {number}" in status_of(page) for number in (2000, 2001, 2002)) and status_of(page).count("approved by ann") == 2, status_of(page))
    page.get_by_text("Refund order 2001 and 2999").last.click()
    page.wait_for_url("**" + path_of(several[1]))
    page.get_by_role("button", name="Approve").click()
    check("as it is now it can be decided", len(decided(several[1])) == 1, text(page))

    page.goto(url + path_of(dear))
    page.get_by_label("Reason, if you reject").fill("too dear & <late>")
    page.get_by_role("button", name="Reject").click()
    check("a rejection has its reason", "rejected by ann" in status_of(page).lower() and "too dear & <late>" in text(page), text(page))
    check("RevKeen has it too", decided(dear) == [("reject", "too dear & <late> (ann)")], str(decided(dear)))

    page.goto(url + path_of(paid))
    check("where a reason is needed, that is said", page.get_by_label("Reason, which is needed to reject").count() == 1)
    page.get_by_role("button", name="Reject").click()
    page.wait_for_load_state()
    check("without a reason nothing is rejected", not decided(paid), text(page))
    check("and the page says so", "reason" in status_of(page).lower() and page.get_by_role("button", name="Reject").count() == 1, text(page))
    page.get_by_label("Reason, which is needed to reject").fill("they have it already")
    page.get_by_role("button", name="Reject").click()
    check("with one it is", decided(paid) == [("reject", "they have it already (ann)")], text(page))
    context.close()


def many_tabs():
    """Nine tabs of one browser: those that nobody sees leave the six connections to those that somebody does."""
    context = context_of(storage_state=anns)
    tabs = []
    for _ in range(9):
        tab = context.new_page()
        tab.goto(url + "/")
        check("a tab is live", shown(tab.locator("#live.on"), 8))
        tabs.append(tab)
        # A browser without a screen shows all its tabs.
        tab.evaluate("""() => { window.away = true; Object.defineProperty(document, "hidden", {get: () => window.away});
                                document.dispatchEvent(new Event("visibilitychange")); }""")
    check("all of them give their connection back", all(shown(tab.locator("#live:not(.on)")) for tab in tabs))
    tabs[0].evaluate("() => { window.away = false; document.dispatchEvent(new Event('visibilitychange')); }")
    check("a tab that is shown again is live again", shown(tabs[0].locator("#live.on")))
    context.close()


def together():
    """Two look at one page: who was first is shown in the other, without reload."""
    first, second = context_of(storage_state=anns).new_page(), context_of(storage_state=bobs).new_page()
    lists = second.context.new_page()
    for page in (first, second):
        page.goto(url + path_of(both))
        check("it is live", shown(page.locator("#live.on")))
    lists.goto(url + "/")
    check("so is the first page", shown(lists.locator("#live.on")))
    lists.get_by_role("link", name=stays["action_summary"], exact=True).focus()
    loads = []
    second.on("framenavigated", lambda _: loads.append(1))
    first.get_by_role("button", name="Approve").click()
    pressed = time.monotonic()
    check("who was first is in the other within 3 s", shown(second.locator("main").get_by_text("approved by ann"), 3), text(second))
    took = time.monotonic() - pressed
    check("which has no form any more", second.get_by_role("button", name="Approve").count() == 0)
    check("without a reload", not loads)
    check("the first page has it no more", gone(lists.locator("main").get_by_role("link", name=both["action_summary"], exact=True), 3))
    check("and the keyboard's place is where it was", lists.evaluate("document.activeElement.innerText") == stays["action_summary"])
    first.context.close()
    second.context.close()
    return took


def acting():
    """An operator retries, drops, mutes and sends a sample."""
    context = context_of(storage_state=anns)
    page = context.new_page()
    dead = lambda verb: page.get_by_role("button", name=re.compile(f"^{verb}( delivery .*)?$"))
    wait_until("what is refused is dead", lambda: page.goto(url + "/destinations/flaky") and dead("Retry").count() == 5)
    names = [button.get_attribute("aria-label") or button.inner_text() for verb in ("Retry", "Drop") for button in dead(verb).all()]
    check("each button says what it is for", len(set(names)) == 10, str(names))
    Receiver.mended = True
    dead("Retry").first.click()
    check("it says what was done", "1 put back" in status_of(page), text(page))
    wait_until("and arrives", lambda: len(Receiver.taken["/flaky"]) == 1, 10)
    wait_until("the page shows one less without reload", lambda: dead("Retry").count() == 4, 5, lambda: page.wait_for_timeout(100))
    check("what was done is still said", "1 put back" in status_of(page), text(page))

    dead("Drop").first.click()
    check("dropping is asked for twice", page.get_by_role("heading", name="Drop for good?").count() == 1, text(page))
    check("it can be left alone", page.get_by_role("link", name="Cancel").count() == 1, text(page))
    judge(page, "drop-confirmation")
    other = context.new_page()
    other.goto(url + "/destinations/flaky")
    check("nothing is dropped by the first press", other.get_by_role("button", name=re.compile("^Drop( delivery .*)?$")).count() == 4)
    other.close()
    page.get_by_role("button", name="Drop", exact=True).click()
    check("the second press drops it", "1 dropped" in status_of(page) and dead("Drop").count() == 3, text(page))

    page.get_by_role("button", name="Send a sample").click()
    check("a sample is sent", "a sample was sent" in status_of(page), text(page))
    check("and arrives", len(Receiver.taken["/flaky"]) == 2, str(len(Receiver.taken["/flaky"])))

    page.goto(url + "/automations/live/auto-4")
    page.get_by_role("combobox", name=re.compile("for", re.IGNORECASE)).select_option("8h")
    page.get_by_role("button", name="Mute", exact=True).click()
    check("an automation is muted", "muted" in status_of(page) and page.get_by_text("It is muted until").count() == 1, text(page))
    home = context.new_page()
    home.goto(url + "/")
    check("the first page shows it", home.get_by_text("is muted").count() == 1)
    home.close()
    page.get_by_role("button", name="Hear it again").click()
    check("and heard again", "heard again" in status_of(page) and page.get_by_text("It is muted until").count() == 0, text(page))

    page.goto(url + "/audit")
    acts = page.get_by_role("region", name="Table: Acts").inner_text()
    check("the audit shows every act and who did it", all(word in acts for word in ("retry", "drop", "sample", "mute", "unmute")) and acts.count("ann") >= 5, acts)
    decisions = page.get_by_role("region", name="Table: Decisions").inner_text()
    check("and the decisions", "they have it already" in decisions and "desk" in decisions, decisions)
    check("the newest is first in both", -1 < acts.find("unmute") < acts.find("retry") and -1 < decisions.find(both["action_summary"]) < decisions.find("they have it already"), decisions)
    entries = log("--acts")
    check("so does the command line", sorted(item["act"] for item in entries) == ["drop", "mute", "retry", "sample", "unmute"] and
          all(item["actor"] == "ann" and item["via"] == "desk" and item["address"] == "127.0.0.1" for item in entries), str(entries))
    context.close()

    context = context_of(storage_state=bobs)
    page = context.new_page()
    page.goto(url + "/destinations/flaky")
    check("who is no operator sees what is dead, without a button", "delivery" in text(page) and page.locator("main").get_by_role("button").count() == 0, text(page))
    context.close()


def tab_to(page, name, wanted, most=80):
    """Presses Tab until something has the focus; each stop must be seen."""
    for _ in range(most):
        page.keyboard.press("Tab")
        stop = page.evaluate("""() => {
            const e = document.activeElement, s = getComputedStyle(e), r = e.getBoundingClientRect();
            return {tag: e.tagName, name: e.getAttribute("aria-label") || e.innerText || e.name, value: e.value || "",
                    visible: e.matches(":focus-visible"), outline: s.outlineStyle !== "none" && parseFloat(s.outlineWidth) > 0,
                    inside: r.width > 0 && r.height > 0 && r.right > 0 && r.left < innerWidth && r.bottom > 0 && r.top < innerHeight};
        }""")
        if stop["tag"] == "BODY":
            continue
        stops.append(stop["name"])
        if not (stop["visible"] and stop["outline"] and stop["inside"]):
            check(f"the focus is seen at {stop['tag']} {stop['name']}", False, str(stop))
        if wanted in stop["name"]:
            return check(name, True)
    return check(name, False, str(stops[-most:]))


stops = []


def by_keyboard():
    """From the first page to an approval and its approval, and several by ticks, with Tab, Enter and Space."""
    context = context_of(storage_state=bobs)
    page = context.new_page()
    page.goto(url + "/")
    tab_to(page, "the first stop leads to the content", "To the content", 1)
    page.keyboard.press("Enter")
    tab_to(page, "the next one is in the content", ticked["action_summary"])
    check("past the navigation", "Audit" not in stops and "Events" not in stops, str(stops))
    check("a box comes before its link", page.evaluate("document.activeElement.type") == "checkbox")
    page.keyboard.press("Space")
    check("Space ticks it", box_of(page, ticked).is_checked())
    tab_to(page, "Tab leads to the button", "Approve the ticked ones")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    check("what was ticked is decided", decided(ticked) == [("approve", None)], text(page))
    page.goto(url + "/")
    tab_to(page, "Tab leads to the request", keyed["action_summary"])
    tab_to(page, "and from its box to its link", keyed["action_summary"])
    with page.expect_navigation():
        page.keyboard.press("Enter")
    check("Enter opens it", page.url == url + path_of(keyed), page.url)
    tab_to(page, "Tab leads to the button to approve", "Approve")
    with page.expect_navigation():
        page.keyboard.press("Space")
    check("Space approves it", decided(keyed) == [("approve", None)], text(page))
    check("there were stops enough to judge", len(stops) > 15, str(stops))
    context.close()


def without_script():
    """Signing in, deciding and acting work by reload."""
    context = context_of(java_script_enabled=False)
    page = context.new_page()
    sign_in(page, "ann@box.test", "/approvals")
    check("without script one signs in", page.url == url + "/approvals", page.url)
    check("nothing says that it is live", not page.locator("#live").is_visible())
    page.get_by_role("link", name=plain[0]["action_summary"], exact=True).click()
    page.get_by_role("button", name="Approve").click()
    check("one is decided without script", decided(plain[0]) == [("approve", None)], text(page))
    page.goto(url + "/approvals")
    for approval in plain[1:]:
        box_of(page, approval).check()
    page.get_by_label("Reason, for those that you reject").fill("twice the same")
    page.get_by_role("button", name="Reject the ticked ones").click()
    check("and several", [decided(approval) for approval in plain[1:]] == [[("reject", "twice the same (ann)")]] * 2, text(page))
    page.goto(url + "/destinations/hook")
    page.get_by_role("button", name="Send a sample").click()
    check("and one acts", "a sample was sent" in status_of(page), text(page))
    page.goto(url + "/destinations/flaky")
    page.get_by_role("button", name=re.compile("^Drop( delivery .*)?$")).first.click()
    page.get_by_role("button", name="Drop", exact=True).click()
    check("also where it is asked twice", "1 dropped" in status_of(page), text(page))
    context.close()


def signing_out():
    """Who signs out in one tab is signed out in all."""
    context = context_of()
    page = context.new_page()
    sign_in(page, "ann@box.test", path_of(stays))
    other = context.new_page()
    other.goto(url + "/")
    check("both tabs are live", shown(page.locator("#live.on")) and shown(other.locator("#live.on")))
    copy = context.storage_state()
    expect_status(403, r"/(approvals|live)")
    expect_status(404, r"/live")
    page.get_by_role("button", name="Sign out").click()
    check("one is told", page.get_by_role("heading", name="Signed out").count() == 1, text(page))
    page.go_back()
    check("the page is gone, also behind the back button", "INV-2041" not in page.content(), page.url)
    check("the other tab is not live any more", shown(other.locator("#live:not(.on)"), 10) and "not live" in other.locator("#live").inner_text())
    other.get_by_role("checkbox").first.check()
    other.get_by_role("button", name="Approve the ticked ones").click()
    check("what is pressed there decides nothing", "Your session has ended" in text(other) and not decided(stays) and not decided(stays_too), text(other))
    other.goto(url + "/")
    check("and it has to sign in", other.url.startswith(issuer_url), other.url)
    thief = context_of(storage_state=copy)
    page = thief.new_page()
    page.goto(url + "/")
    check("a copy of the cookie is worth nothing", page.url.startswith(issuer_url), page.url)
    thief.close()
    context.close()


def behind_nginx():
    """A proxy signs people in: its header counts from its own address only."""
    wait_until("nginx has the relay behind it", lambda: answers(front + "/"))
    contexts = {name: context_of(http_credentials={"username": name, "password": f"pw{name}"}) for name in ("ann", "bob", "zoe")}
    ann, bob, zoe = (contexts[name].new_page() for name in ("ann", "bob", "zoe"))
    wait_until("the relay behind it has read the requests", lambda: ann.goto(front + "/approvals") and all(
        ann.get_by_text(approval["action_summary"]).count() for approval in proxied))
    check("the proxy says who it is", "ann" in ann.get_by_role("banner").inner_text())
    bob.goto(front + path_of(proxied[0]))
    ann.goto(front + path_of(proxied[0]))
    check("pages are live through nginx", shown(ann.locator("#live.on")) and shown(bob.locator("#live.on")))
    ann.get_by_role("button", name="Approve").click()
    check("one decides through nginx", decided(proxied[0]) == [("approve", None)], text(ann))
    check("and the other sees it within 3 s", shown(bob.locator("main").get_by_text("approved by ann"), 3), text(bob))
    expect_status(403, re.escape(front))
    zoe.goto(front + "/approvals")
    check("a stranger of the proxy is told so", "You are not known here" in text(zoe), text(zoe))
    bob.set_extra_http_headers({"X-Forwarded-Email": "ann@box.test"})
    bob.goto(front + "/")
    check("nginx does not let a header from outside pass", "bob" in bob.get_by_role("banner").inner_text() and "ann" not in bob.get_by_role("banner").inner_text())
    for context in contexts.values():
        context.close()

    def ask(port, *emails, method="GET", path="/approvals"):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.putrequest(method, path)
        for email in emails:
            connection.putheader("X-Forwarded-Email", email)
        connection.putheader("Content-Length", "0")
        connection.endheaders()
        answer = connection.getresponse()
        found = answer.status, answer.getheader("Location"), answer.read().decode()
        connection.close()
        return found

    wait_until("the relay whose proxy is elsewhere answers", lambda: answers(f"http://127.0.0.1:{far}/"))
    found = ask(behind, "ann@box.test")
    check("from the proxy's address the header counts", found[0] == 200 and "Refund order 8001" in found[2], str(found))
    found = ask(behind, "ann@box.test", "bob@box.test")
    check("twice it names nobody", found[0] == 303, str(found))
    found = ask(behind)
    check("without it one is nobody", found[0] == 303 and found[1].startswith("/sign-in"), str(found))
    found = ask(far, "ann@box.test")
    check("a header from elsewhere is ignored", found[0] == 303 and found[1].startswith("/sign-in") and "Refund" not in found[2], str(found))
    found = ask(far, "ann@box.test", path="/sign-in")
    check("and signs nobody in", found[0] == 503 and "did not name you" in found[2], str(found))
    found = ask(far, "ann@box.test", method="POST", path=path_of(proxied[1]))
    check("and decides nothing", found[0] == 403 and not decided(proxied[1]), str(found))


def judge(page, name):
    """axe-core finds nothing by day and by night, nothing is wider than the page, and a picture is taken of each."""
    pages_seen.add(name)
    session = page.context.new_cdp_session(page)
    for width in (1280, 360):
        page.set_viewport_size({"width": width, "height": 800})
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            # The colours of a page may be on their way to the others.
            page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
            if (width == 1280) == (scheme == "light"):
                for frame in page.frames:
                    if not frame.evaluate("() => typeof axe !== 'undefined'"):
                        frame.evaluate(AXE_SCRIPT)
                found = page.evaluate("() => axe.run(document, {resultTypes: ['violations'], rules: {'target-size': {enabled: true}}})")
                check(f"axe finds nothing on {name}, {width} {scheme}", not found["violations"], "; ".join(
                    f"{item['id']} ({item['impact']}): {item['help']}: " + ", ".join(str(node["target"]) + " " + (node.get("failureSummary") or "")[:200] for node in item["nodes"][:3])
                    for item in found["violations"]))
                check(f"axe has judged {name}", len(found["passes"]) > 5, str(len(found["passes"])))
            page.screenshot(path=shots / f"{name}-{width}-{scheme}.png", full_page=True)
        check(f"{name} fits {width} px", fits(page), wide(page))
    session.send("Emulation.setDeviceMetricsOverride", {"width": 640, "height": 400, "deviceScaleFactor": 2, "mobile": False})
    check(f"{name} fits at 200 %", fits(page) and page.evaluate("innerWidth") == 640, wide(page))
    session.send("Emulation.clearDeviceMetricsOverride")
    session.detach()
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 1280, "height": 800})


def fits(page):
    return page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def wide(page):
    return str(page.evaluate("""() => [...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > innerWidth + 1
        || e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0 && getComputedStyle(e).overflowX === "visible")
        .slice(-3).map(e => e.tagName + " " + e.className + " " + e.textContent.slice(0, 60))"""))


def looks():
    """What the pages look like, on a phone and on a desk, by day and by night, in print and with less motion."""
    made = subprocess.run([binary, "digest", "morning", "--now"], cwd=folder, env=environment, capture_output=True, text=True)
    check("a digest is sent", made.returncode == 0, made.stdout + made.stderr)
    context = context_of(storage_state=anns)
    page = context.new_page()
    page.goto(url + "/events?kind=run")
    event = page.locator("main li a").first.get_attribute("href")
    for name, path in (("first", "/"), ("approvals", "/approvals"), ("approvals-all", "/approvals?state=all"), ("approval-open", path_of(stays)),
                       ("approval-decided", path_of(dear)), ("events", "/events"), ("event", event), ("automation", "/automations/live/auto-3"),
                       ("destination", "/destinations/flaky"), ("audit", "/audit"), ("digest", "/digests/morning")):
        page.goto(url + path)
        check(f"{name} is a page", page.locator("h1").count() == 1 and page.get_by_role("heading", name="Nothing is here").count() == 0, page.url)
        for unfolded in page.locator("main details").all():
            unfolded.locator("summary").click()
        if name == "approval-decided":
            history = page.get_by_role("region", name="History").inner_text()
            check("the history is in the order in which it was", -1 < history.find("ann answered “reject”") < history.find("RevKeen shows it as rejected"), history)
        if name == "digest":
            check("the digest shows what was sent", shown(page.locator("iframe").first.content_frame.get_by_text("INV-2042").first))
        judge(page, name)
        if name == "approval-open":
            check("a page on which nothing changed does not say that something did", page.locator("#news").count() == 0)
    page.goto(url + path_of(stays))
    page.emulate_media(media="print")
    check("in print it shows what is asked", page.get_by_text(stays["action_summary"]).last.is_visible() and page.get_by_text("value 7").first.is_visible())
    check("and nothing to press or fill in", page.locator("button:visible, textarea:visible, input:visible, select:visible, nav:visible, label:visible").count() == 0,
          str(page.locator("button:visible, textarea:visible, input:visible, select:visible, nav:visible, label:visible").all_inner_texts()))
    page.screenshot(path=shots / "approval-print.png", full_page=True)
    page.emulate_media(media="screen", reduced_motion="reduce")
    page.goto(url + "/")
    moving = page.evaluate("""() => [...document.querySelectorAll("*")].filter(e => { const s = getComputedStyle(e);
        return s.animationName !== "none" || s.transitionDuration.split(",").some(d => parseFloat(d) > 0) || s.scrollBehavior === "smooth"; }).map(e => e.tagName)""")
    check("with reduced motion nothing moves", not moving and page.evaluate("document.getAnimations().length") == 0, str(moving))
    page.emulate_media(reduced_motion="no-preference")

    link = next(item["data"]["approval"]["decide_link"] for item in Receiver.taken["/hook"] if item["type"] == "approval" and linked["id"] in item["data"]["id"])
    reader = context_of()
    page = reader.new_page()
    page.goto(link)
    check("a link shows what is asked, and offers to sign in", "7001" in text(page) and page.get_by_role("link", name="Sign in").count() == 1, text(page))
    judge(page, "link-before-sign-in")
    page.get_by_role("link", name="Sign in").click()
    page.get_by_role("button", name="bob@box.test", exact=True).click()
    check("after signing in one is at the link again", page.url == link, page.url)
    judge(page, "link")
    page.get_by_role("button", name="Approve").click()
    check("and decides as oneself", decided(linked) == [("approve", None)] and "approved by bob" in text(page).lower(), text(page))
    judge(page, "link-decided")
    reader.close()

    reader = context_of()
    page = reader.new_page()
    sign_in(page, "zoe@elsewhere.test")
    judge(page, "stranger")
    reader.close()
    context.close()


anns, bobs, took = None, None, 0.0
for area in (signing_in, deciding, many_tabs, together, acting, looks, by_keyboard, without_script, behind_nginx, signing_out):
    since = time.monotonic()
    try:
        found = area()
        took = found if area is together else took
    except Exception as error:  # a page that is not as it should be ends its area and no other
        check(f"{area.__name__} comes to its end", False, f"{type(error).__name__}: {error} at line {error.__traceback__.tb_next.tb_lineno if error.__traceback__.tb_next else 0}")
    if os.environ.get("TIMES"):
        print(f"{area.__name__}: {time.monotonic() - since:.1f} s", flush=True)

check("the browser complains of nothing", not complaints, "\n".join(sorted(set(complaints))))
origins = {"/".join(address.split("/")[:3]) for address in requests if not address.startswith(("data:", "about:", "blob:"))}
check("no other origin is asked for anything", origins <= {url, issuer_url, front}, str(origins))
check("each request was decided at most once", len({item[0] for item in place.decided}) == len(place.decided), str(place.decided))
entries = log()
check("the log knows every decision of this relay", sum(item["state"] == "taken" for item in entries) == len(place.decided) - 1, str(entries))
browser.close()
driver.stop()
relay.send_signal(signal.SIGTERM)
check("the relay ends with 0", relay.wait(timeout=20) == 0, said("relay")[-1500:])
check("no secret is in the log", not re.search(r"code_verifier|id_token|a secret of this test|/a/", said("relay")))
print(f"desk: {len(place.decided)} decisions of {everything} requests, {len(pages_seen)} pages judged, {len(stops)} stops of the keyboard, {len(requests)} requests of the browser, "
      f"seen elsewhere in {took:.1f} s; {checks} checks in {time.monotonic() - began:.0f} s; {len(faults)} faults")
end(1 if faults else 0)
