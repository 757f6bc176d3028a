"""Drives the shipped binary and judges what left it, with other people's code."""

import email
import email.policy
import json
import os
import subprocess
import sys
import time
import urllib.parse
from pathlib import Path

from slack_sdk.models.blocks import Block

from standin import HOSTILE, SECRET, Place, signature

binary, folder = sys.argv[1], Path(os.environ["PLACE"])
mailbox, smtp = Path(os.environ["MAILBOX"]), os.environ["SMTP_PORT"]
place = Place()
here = f"http://127.0.0.1:{place.port}"
faults = []


def check(what, good, detail=""):
    if not good:
        faults.append(what)
        print(f"FAULT {what} {detail}"[:600])


def relay(*arguments, expected=0):
    env = {**os.environ, "REVKEEN_API_KEY": "rk_sandbox_endtoend", "WEBHOOK_SECRET": SECRET.decode()}
    try:
        done = subprocess.run([binary, *arguments], cwd=folder, env=env, capture_output=True, text=True, timeout=120)
    except subprocess.TimeoutExpired as late:
        sys.exit(f"{arguments} did not end: {(late.stderr or b'').decode()[-3000:]} {len(place.slack)} {len(place.hooks)}")
    check(f"{arguments[0]} ends with {expected}", done.returncode == expected, f"{done.returncode}: {done.stdout[-500:]} {done.stderr[-1500:]}")
    check("no secret is said", "rk_sandbox_endtoend" not in done.stdout + done.stderr and SECRET.decode() not in done.stdout + done.stderr)
    return done.stdout


def texts(node):
    """Every text object in a tree of blocks."""
    if isinstance(node, dict):
        if node.get("type") in ("mrkdwn", "plain_text"):
            yield node
        for value in node.values():
            yield from texts(value)
    elif isinstance(node, list):
        for value in node:
            yield from texts(value)


(folder / "relay.yaml").write_text(f"""
accounts:
  live: {{api_key: "${{REVKEEN_API_KEY}}", base_url: "{here}/v2", first_look: 1h}}
destinations:
  ops: {{type: slack, url: "{here}/slack"}}
  hook: {{type: webhook, url: "{here}/hook", secret: "${{WEBHOOK_SECRET}}", width: 4}}
  mail: {{type: email, server: "smtp://127.0.0.1:{smtp}", from: "RevKeen relay <relay@box.test>", to: [ann@box.test, gone@box.test]}}
routes:
  - {{name: all, when: {{kind: [notification, approval, run]}}, to: [ops, hook, mail]}}
""")
relay("check")
found = relay("check", "--connect", expected=69)
check("the address that is gone is found beforehand", "bad  mail" in found and "gone@box.test: 550 5.1.1" in found, found)
relay("run", "--once", "--log-level", "debug")

# What there is to tell: a notification and a run for each text, an approval for every second.
events = 2 * len(HOSTILE) + len(place.world.approvals)

check("every event came to Slack once", len(place.slack) == events, f"{len(place.slack)} of {events}")
for payload in place.slack:
    for block in Block.parse_all(payload["blocks"]):
        block.validate_json()
    check("a text stands beside the blocks", 0 < len(payload["text"]) <= 40_000)
    marked = [text for text in texts(payload["blocks"]) if text["type"] == "mrkdwn"]
    check("Slack looks for no names in marked text", all(text.get("verbatim") is True for text in marked))
    check("nor in the text beside", payload.get("parse") == "none" and "link_names" not in payload, str(payload.keys()))
    for written in [payload["text"], *(text["text"] for text in marked)]:
        for alarm in ["<!channel>", "<!here>", "<!everyone>", "<@U123>", "<https://evil.example|"]:
            check(f"{alarm} is disarmed", alarm not in written, written)
    shown = [text["text"] for text in texts(payload["blocks"])]
    check("no control characters", not any(ord(c) < 32 and c not in "\n\t" for text in shown for c in text))

ids = [json.loads(body)["data"]["id"] for _, body in place.hooks]
check("every event came to the webhook once", len(ids) == len(set(ids)) == events, f"{len(ids)} of {events}")
for headers, body in place.hooks:
    check("the signature is that of the specification", signature(headers, body) in headers["webhook-signature"].split(" "))
    check("a body is at most 20 KB", len(body) <= 20_000, str(len(body)))
check("an id of its own for each message", len({headers["webhook-id"] for headers, _ in place.hooks}) == events)

end = time.monotonic() + 20
while len(list(mailbox.glob("new/*"))) < events and time.monotonic() < end:
    time.sleep(0.1)
mails = [email.message_from_bytes(path.read_bytes(), policy=email.policy.default) for path in mailbox.glob("new/*")]
check("every event is a mail in the mailbox, once", len(mails) == events, f"{len(mails)} of {events}")
for mail in mails:
    parts = [mail, *mail.walk()]
    check("no defects", not any(part.defects for part in parts), str([part.defects for part in parts]))
    check("no header came from a text", mail["Bcc"] is None and "victim" not in str(mail["To"]), mail.as_string()[:400])
    check("one line of subject", mail["Subject"] and "\n" not in mail["Subject"] and "\r" not in mail["Subject"])
    check("it says that a program wrote it", mail["Auto-Submitted"] == "auto-generated", str(mail["Auto-Submitted"]))
    check("text and HTML", [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"], mail.get_content_type())
    check("no line is longer than 998 octets", all(len(line) <= 998 for line in mail.as_bytes().split(b"\n")))
    html = mail.get_body(("html",)).get_content()
    check("no markup came from a text", "<b>bold" not in html)
check("an identity for each mail", len({mail["Message-ID"] for mail in mails}) == events)
words = "\n".join(mail.get_body(("plain",)).get_content() + str(mail["Subject"]) for mail in mails)
for text in ["Bcc: victim@example.com", "{{message}}", "your bank", "\u05e9\u05dc\u05d5\u05dd", "\U0001f469\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"]:
    check(f"a reader still sees {text!r}", text in words)
check("the address that is gone is dead, and said so", len(json.loads(relay("status", "--json"))["dead"]) == events)

before = (len(place.slack), len(place.hooks))
relay("run", "--once")
check("a second run tells nothing again", (len(place.slack), len(place.hooks)) == before)
check("the key went to the API alone", all((key == "rk_sandbox_endtoend") == path.startswith("/v2/") for path, key in place.asked))
check("and not to a destination", not any("rk_sandbox_endtoend" in str(headers) for headers, _ in place.hooks))
relay("preview", "00000000-0000-4000-8000-000000000099", "--for", "ops", expected=66)

print(f"end to end: {events} events, {len(place.slack)} Slack payloads, {len(place.hooks)} signed posts, {len(mails)} mails in the mailbox; "
      f"{len(place.asked)} API requests; {len(faults)} faults")
sys.exit(1 if faults else 0)
