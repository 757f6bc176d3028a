"""The page to decide on, in a real browser without JavaScript, reached by links from a real mailbox and a webhook."""

import base64
import email
import email.policy
import hashlib
import hmac
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from playwright.sync_api import sync_playwright

from standin import Place, instant

binary, place_folder = sys.argv[1], Path(os.environ["PLACE"])
folder, mailbox, smtp, port = place_folder / "pages", Path(os.environ["MAILBOX"]), os.environ["SMTP_PORT"], os.environ["PAGES_PORT"]
shots = Path(os.environ.get("SHOTS", folder / "shots"))
folder.mkdir(exist_ok=True)
shots.mkdir(parents=True, exist_ok=True)
KEY = "a link key for this test and nothing else"
place = Place()
place.world.approvals = [
    {"id": f"30000000-0000-4000-8000-{number:012d}", "status": "pending", "action_summary": text, "run_id": f"00000000-0000-4000-8000-{number:012d}",
     "automation": {"id": "auto-1", "name": name}, "automation_id": "auto-1", "automation_name": name,
     "actions_json": [{"tool": "refund", "amount": "1,240.00 EUR", "customer": "Kim & Co <b>x</b>"}], "created_at": instant(50)}
    for number, (name, text) in enumerate([
        ("Rooms", "Refund batch 17 <script>document.title='owned'</script>"), ("Rooms", "Write off invoice INV-2041"),
        ("Pairs", "Pay the tax office 99,000.00 EUR"),
    ])
]
for approval in place.world.approvals:
    place.world.runs[approval["run_id"]].update({"completed_at": None, "status": "waiting_for_approval", "notifications": [],
                                                "approvals": [approval], "automation": {"id": "auto-1", "name": approval["automation_name"]}})
faults = []


def check(what, good, detail=""):
    if not good:
        faults.append(what)
        print(f"FAULT {what} {detail}"[:1500])


url = f"http://127.0.0.1:{port}"
(folder / "relay.yaml").write_text(f"""
people: {{ann: {{email: ann@box.test}}, bob: {{email: bob@box.test}}, eve: {{email: eve@box.test}}}}
accounts:
  live: {{api_key: "${{REVKEEN_API_KEY}}", base_url: "http://127.0.0.1:{place.port}/v2", first_look: 1h, poll: {{approvals: 1s, runs: 1s..2s, budget: none}}}}
destinations:
  hook: {{type: webhook, url: "http://127.0.0.1:{place.port}/hook"}}
  mail: {{type: email, server: "smtp://127.0.0.1:{smtp}", from: relay@box.test, to: [ann@box.test, bob@box.test, eve@box.test]}}
routes:
  - {{name: pairs, when: {{kind: approval, automation: Pairs}}, to: [mail], approvers: [ann, bob], two_person: true, stop: true}}
  - {{name: rooms, when: {{kind: [approval, decision]}}, to: [hook]}}
server: {{public_listen: "127.0.0.1:{port}", public_url: "{url}", link_key: "${{LINK_KEY}}"}}
""")
environment = {**os.environ, "REVKEEN_API_KEY": "rk_sandbox_endtoend", "LINK_KEY": KEY}
relay = subprocess.Popen([binary, "run"], cwd=folder, env=environment, stderr=subprocess.PIPE, text=True)


def wait_until(what, condition, seconds=40):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.2)
    check(what, False)
    relay.send_signal(signal.SIGTERM)
    sys.exit(relay.communicate(timeout=30)[1][-3000:])


def hook_link(approval):
    for _, body in place.hooks:
        data = json.loads(body)["data"]
        if approval["id"] in data["id"] and data.get("approval", {}).get("decide_link"):
            return data["approval"]["decide_link"]
    return None


def mailed_link(to):
    for path in mailbox.glob("new/*"):
        mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        if str(mail["To"]) == to:
            found = re.search(re.escape(url) + r"/a/\S+", mail.get_body(("plain",)).get_content())
            if found:
                return found.group(0)
    return None


def expired(link):
    """The same link, signed by us with a time that is past."""
    content, _ = link.rsplit("/", 1)[1].split(".")
    lines = base64.urlsafe_b64decode(content + "=" * (-len(content) % 4)).decode().split("\n")
    lines[5] = str(int(time.time()) - 60)
    content = base64.urlsafe_b64encode("\n".join(lines).encode()).decode().rstrip("=")
    mac = hmac.new(KEY.encode(), b"link\n" + content.encode(), hashlib.sha256).digest()
    name = hashlib.sha256(b"key id " + KEY.encode()).hexdigest()[:8]
    return f"{url}/a/{content}.{name}{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"


def asked(verb):
    return [item for item in place.decided if item[1] == verb]


rooms, other, pairs = place.world.approvals
link = wait_until("a link comes to the webhook", lambda: hook_link(rooms))
second = wait_until("and for the second", lambda: hook_link(other))
links = {name: wait_until(f"and by mail to {name}", lambda: mailed_link(f"{name}@box.test")) for name in ("ann", "bob", "eve")}
check("each of them has a link of their own", len(set(links.values())) == 3)

for _ in range(100):
    for method in ("GET", "HEAD"):
        with urllib.request.urlopen(urllib.request.Request(link, method=method)) as answer:
            check("looking is 200", answer.status == 200)
check("a hundred looks by GET and HEAD decide nothing", not place.decided)
try:
    urllib.request.urlopen(urllib.request.Request(link, data=b"verdict=approve&seen=&csrf="))
    check("a bare post is refused", False)
except urllib.error.HTTPError as error:
    check("a bare post is refused", error.code == 403)

with sync_playwright() as driver:
    browser = driver.chromium.launch(executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=["--no-sandbox"])
    requests, complaints = [], []

    def page_of(address, width=1280, scheme="light"):
        context = browser.new_context(viewport={"width": width, "height": 800}, java_script_enabled=False, color_scheme=scheme)
        page = context.new_page()
        page.on("request", lambda request: requests.append(request.url))
        page.on("console", lambda message: complaints.append(message.text))
        page.goto(address)
        return page

    for width, scheme in ((360, "light"), (360, "dark"), (1280, "light")):
        page = page_of(link, width, scheme)
        page.screenshot(path=shots / f"open-{width}-{scheme}.png", full_page=True)
        check("it fits the width", page.locator("main").bounding_box()["width"] <= width)
        check("markup in what is asked is text", "<script>document" in page.inner_text("main"))

    page = page_of(link, 360)
    page.get_by_label("Reason, if you reject").fill("too dear, ask again in May")
    page.get_by_role("button", name="Reject").click()
    check("it says that it was rejected", "Rejected by somebody at hook" in page.inner_text("main"), page.inner_text("main"))
    page.screenshot(path=shots / "rejected-360.png", full_page=True)
    check("RevKeen was told once, with the reason", [item[3] for item in asked("reject")] == ["too dear, ask again in May (somebody at hook)"], str(place.decided))
    page = page_of(link)
    check("later it is decided already", "It was rejected by" in page.inner_text("main") and page.locator("form").count() == 0)
    page.screenshot(path=shots / "decided-1280.png", full_page=True)

    page = page_of(links["eve"])
    check("who may not decide can only read", page.locator("form").count() == 0 and "This is for ann, bob to decide" in page.inner_text("main"))
    page.screenshot(path=shots / "read-only-1280.png", full_page=True)
    for name, expected in (("ann", "1 of 2 have approved: ann"), ("ann", "1 of 2 have approved: ann"), ("bob", "Approved by ann, bob")):
        page = page_of(links[name])
        check(f"{name} decides in their name", f"You decide as {name}" in page.inner_text("main"))
        check("RevKeen is not called for one", not asked("approve"))
        page.get_by_role("button", name="Approve").click()
        check(f"{name} is told", expected in page.inner_text("main"), page.inner_text("main"))
        page.screenshot(path=shots / f"two-{name}.png", full_page=True)
    check("two have approved once", len(asked("approve")) == 1, str(place.decided))

    page = page_of(expired(second))
    check("an expired link says so and nothing else", "This link has expired" in page.inner_text("main") and "invoice" not in page.inner_text("main"))
    page.screenshot(path=shots / "expired-1280.png", full_page=True)
    page = page_of(second)
    other["action_summary"] = "Write off invoice INV-2041 and INV-2042"
    time.sleep(3)
    page.get_by_role("button", name="Approve").click()
    check("what changed meanwhile is shown again", "It has changed since" in page.inner_text("main") and "INV-2042" in page.inner_text("main"))
    page.screenshot(path=shots / "changed-1280.png", full_page=True)
    check("and was not decided", len(place.decided) == 2)
    page.get_by_role("button", name="Approve").focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    check("by keyboard alone it is", "Approved by somebody at hook" in page.inner_text("main"), page.inner_text("main"))
    check("no other site is asked for anything", all(address.startswith(url) for address in requests), str(set(requests)))
    check("the browser complains of nothing", not [text for text in complaints if "favicon" not in text and "410" not in text], str(complaints))
    browser.close()

wait_until("the decision is told to the webhook", lambda: any(json.loads(body)["type"] == "decision" for _, body in place.hooks))
log = subprocess.run([binary, "approvals", "log", "--json"], cwd=folder, env=environment, capture_output=True, text=True)
entries = json.loads(log.stdout)
check("the audit knows everybody", [(item["actor"], item["state"]) for item in entries] == [
    ("somebody at hook", "taken"), ("ann", "voted"), ("bob", "voted"), ("ann, bob", "taken"), ("somebody at hook", "taken")], log.stdout)
relay.send_signal(signal.SIGTERM)
said = relay.communicate(timeout=30)[1]
check("the relay ends with 0", relay.returncode == 0, said[-1500:])
check("no link is in the log", "/a/" not in said and KEY not in said)
print(f"pages: {len(place.decided)} decisions of 3 approvals, {len(requests)} requests of the browser, {len(entries)} entries in the audit; {len(faults)} faults")
sys.exit(1 if faults else 0)
