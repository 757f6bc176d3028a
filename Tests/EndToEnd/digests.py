"""A digest as it comes to a mailbox: taken by a real Postfix, read back without a defect, and looked at in a browser at two widths, by day
and by night. What failed bears hostile names and errors."""

import email
import email.policy
import json
import os
import re
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from standin import HOSTILE, Place, instant

binary, place_folder = sys.argv[1], Path(os.environ["PLACE"])
folder, mailbox, smtp = place_folder / "digests", Path(os.environ["MAILBOX"]), os.environ["SMTP_PORT"]
shots = Path(os.environ.get("SHOTS", folder))
folder.mkdir(exist_ok=True)
shots.mkdir(exist_ok=True, parents=True)
faults = []


def check(what, good, detail=""):
    if not good:
        faults.append(what)
        print(f"FAULT {what} {detail}"[:3000])


class Failing:
    """Automations that fail, each with its own hostile text; some recover."""

    def __init__(self):
        self.approvals, self.runs = [], {}
        self.names = ["Nightly invoices", "Sync stock with the warehouse", "Weekly report"] + [f"Dunning {text[:60]}" for text in HOSTILE]

    def fail(self, automation, number, error, ago=60, status="failed"):
        run = {
            "id": f"30000000-0000-4000-8000-{automation:06d}{number:06d}", "automation_id": f"auto-{automation}", "status": status,
            "started_at": instant(ago + 30), "completed_at": instant(ago), "trigger_source": "schedule",
            "automation": {"id": f"auto-{automation}", "name": self.names[automation]}, "notifications": [], "steps": [], "approvals": [],
        }
        if status == "failed":
            run["error_message"] = error
        self.runs[run["id"]] = run

    def answer(self, path, query):
        parts = [part for part in path.split("/") if part][1:]
        if parts == ["automations", "approvals"]:
            return {"data": self.approvals}
        if parts == ["automations"]:
            return {"data": [{"id": f"auto-{n}", "name": name, "status": "active"} for n, name in enumerate(self.names)]}
        if len(parts) == 3 and parts[2] == "runs":
            mine = [run for run in self.runs.values() if run["automation_id"] == parts[1]]
            mine.sort(key=lambda run: run["completed_at"], reverse=True)
            return {"data": [{k: v for k, v in run.items() if k not in ("notifications", "steps", "approvals", "automation")} for run in mine]}
        if len(parts) == 4 and parts[2] == "runs":
            return {"data": self.runs[parts[3]]} if parts[3] in self.runs else None
        if len(parts) == 2 and parts[1].startswith("auto-"):
            return {"data": {"id": parts[1], "name": self.names[int(parts[1][5:])], "status": "active"}}
        return None


place = Place()
world = place.world = Failing()
environment = {**os.environ, "REVKEEN_API_KEY": "rk_sandbox_endtoend"}
(folder / "relay.yaml").write_text(f"""
links: {{run: "https://app.example/runs/{{run_id}}"}}
accounts:
  live: {{api_key: "${{REVKEEN_API_KEY}}", base_url: "http://127.0.0.1:{place.port}/v2", first_look: 12h, poll: {{budget: none}}}}
destinations:
  oncall: {{type: email, server: "smtp://127.0.0.1:{smtp}", from: "RevKeen relay <relay@box.test>", to: [digest@box.test, second@box.test]}}
routes:
  - {{name: failures, when: {{kind: run, outcome: failed}}, digest: [daily]}}
digests:
  daily: {{at: "08:00", time_zone: Europe/London, to: [oncall], waiting: true}}
""")


def relay(*arguments, expected=0):
    done = subprocess.run([binary, *arguments], cwd=folder, env=environment, capture_output=True, text=True, timeout=120)
    check(f"notify-relay {' '.join(arguments)} ends with {expected}", done.returncode == expected, done.stdout + done.stderr)
    return done.stdout


def mails(to):
    found = [email.message_from_bytes(path.read_bytes(), policy=email.policy.default) for path in mailbox.glob("new/*")]
    mine = [mail for mail in found if str(mail["To"]) == to]
    return sorted(mine, key=lambda mail: mail["Date"].datetime)


relay("run", "--once")
for number in range(4):
    world.fail(0, number, f"Timeout after {30 + number} s while reading ledger 10.2.3.{number}:5432", ago=3000 - 60 * number)
world.fail(1, 0, "409 Conflict: another sync is running (lock 7f3a91c2)", ago=900)
world.fail(2, 0, "no space left on device", ago=800)
relay("run", "--once")
relay("digest", "daily", "--now")
relay("run", "--once")
check("one mail for each address", len(mails("digest@box.test")) == 1 and len(mails("second@box.test")) == 1)

for number in range(1, 25):
    world.fail(1, number, f"409 Conflict: another sync is running (lock 7f3a91{number:02x})\n  at sync.ts:{number}\n  at main.ts:7", ago=700 - number)
world.fail(2, 1, "", ago=500, status="completed")
for number, text in enumerate(HOSTILE):
    world.fail(3 + number, 0, text, ago=400)
world.approvals.append({
    "id": "20000000-0000-4000-8000-000000000001", "status": "pending", "action_summary": "Refund batch 17 <b>now</b>",
    "run_id": "30000000-0000-4000-8000-000001000001", "actions_json": [{"tool": "refund"}], "created_at": instant(7200),
})
relay("run", "--once")
preview = relay("digest", "daily", "--preview")
told = json.loads(relay("digest", "daily", "--preview", "--json"))["data"]["digest"]
check("the preview says what it is about", f"{len(HOSTILE)} automations newly failing, 1 still failing, 1 recovered" in preview, preview)
check("the counts are exact", sum(item["count"] for item in told["new"] + told["still"]) == 24 + len(HOSTILE), json.dumps(told)[:2000])
still = next((item for item in told["still"] if item["automation"].startswith("Sync")), {})
check("a streak goes on", still.get("streak") == 25 and still.get("before") == 1, json.dumps(still))
check("errors of one kind are one", [kind["times"] for kind in still.get("errors", [])] == [24], json.dumps(still))
relay("digest", "daily", "--now")
relay("run", "--once")
relay("run", "--once")

got = mails("digest@box.test")
check("two mails, none twice", len(got) == 2, str(len(got)))
first, second = got[0], got[-1]
for mail in got:
    check("a mail has no defect", not mail.defects and not any(part.defects for part in mail.walk()), str(mail.defects))
    check("a list of its own", str(mail["List-Id"]) == "<daily.digest.oncall.notify-relay.box.test>", str(mail["List-Id"]))
    check("not to be answered by machines", str(mail["Auto-Submitted"]) == "auto-generated")
    check("nobody else is told", mail["Bcc"] is None and mail["Cc"] is None)
check("one thread", first["References"] == second["References"] and first["References"] is not None)
check("ids of their own", len({str(mail["Message-ID"]) for mail in got + mails("second@box.test")}) == 4)
check("the subject is the headline", str(second["Subject"]).startswith(f"[staging] {len(HOSTILE)} automations newly failing"), str(second["Subject"]))
html = second.get_body(("html",)).get_content()
text = second.get_body(("plain",)).get_content()
check("small enough not to be cut", len(bytes(second)) < 100_000, str(len(bytes(second))))
check("no markup of theirs", "<b>bold</b>" not in html and "<b>now</b>" not in html and "&lt;b&gt;bold" in html)
check("no images and nothing from elsewhere", not re.search(r"<(img|script|link|iframe|object)|src=|url\(", html, re.I))
check("both parts say the same", all(words in part for part in (html, text) for words in ("Sync stock", "25 in a row", "Refund batch 17")))
check("what was cut is the beginning", "at main.ts:7" in text)

loads = []
with sync_playwright() as driver:
    browser = driver.chromium.launch(executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=["--no-sandbox"])
    for mail, name in ((first, "first"), (second, "digest")):
        page_file = folder / f"{name}.html"
        page_file.write_text(mail.get_body(("html",)).get_content())
        for width in (360, 800):
            for scheme in ("light", "dark"):
                page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
                page.on("request", lambda request: loads.append(request.url))
                page.goto(page_file.as_uri())
                wide = page.evaluate("document.documentElement.scrollWidth")
                check(f"{name} fits into {width} px", wide <= width, str(wide))
                page.screenshot(path=shots / f"{name}-{width}-{scheme}.png", full_page=True)
                page.close()
    browser.close()
check("nothing is loaded", all(url.startswith("file:") and url.endswith(".html") for url in loads), str(loads))

print(f"digests: {len(got)} mails of {len(second.as_bytes())} bytes at most, 8 screenshots; {len(faults)} faults")
sys.exit(1 if faults else 0)
