"""A real Postfix that puts off, refuses and encrypts: told later once, dead with its reason, only over TLS that is verified."""

import email
import email.policy
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from standin import Place

binary, place_folder = sys.argv[1], Path(os.environ["PLACE"])
folder, mailbox, smtp = place_folder / "mails", Path(os.environ["MAILBOX"]), os.environ["SMTP_PORT"]
folder.mkdir(exist_ok=True)
place = Place()
faults = []


def check(what, good, detail=""):
    if not good:
        faults.append(what)
        print(f"FAULT {what} {detail}"[:3000])


environment = {**os.environ, "REVKEEN_API_KEY": "rk_sandbox_endtoend"}
mail = f'type: email, server: "smtp://localhost:{smtp}", from: relay@box.test'
(folder / "relay.yaml").write_text(f"""
accounts:
  live: {{api_key: "${{REVKEEN_API_KEY}}", base_url: "http://127.0.0.1:{place.port}/v2", first_look: 1h, poll: {{approvals: 1s, budget: none}}}}
destinations:
  later: {{{mail}, to: [later@box.test]}}
  gone: {{{mail}, to: [gone@box.test]}}
  sealed: {{{mail}, to: [sealed@box.test], tls: starttls, ca_file: "{place_folder}/tls/ca.pem"}}
  stranger: {{{mail}, to: [stranger@box.test], tls: starttls}}
routes:
  - {{name: urgent, when: {{kind: notification, priority: urgent}}, to: [later, gone, sealed, stranger]}}
""")
expected = sum(run["notifications"][0]["priority"] == "urgent" for run in place.world.runs.values())
relay = subprocess.Popen([binary, "run"], cwd=folder, env=environment, stderr=subprocess.PIPE, text=True)


def status():
    done = subprocess.run([binary, "status", "--json"], cwd=folder, env=environment, capture_output=True, text=True)
    return json.loads(done.stdout) if done.stdout else {"dead": [], "destinations": []}


def why(event):
    done = subprocess.run([binary, "why", event, "--json"], cwd=folder, env=environment, capture_output=True, text=True)
    return json.loads(done.stdout)["deliveries"]


def mails(to):
    found = [email.message_from_bytes(path.read_bytes(), policy=email.policy.default) for path in mailbox.glob("new/*")]
    return [mail for mail in found if str(mail["To"]) == to]


def wait_until(what, seconds, condition):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.2)
    check(what, False, json.dumps(why("10000000-0000-4000-8000-000000000003")))


def putoffs():
    """How often Postfix put somebody off, in its own words."""
    return (place_folder / "mail.log").read_text().count("450 4.2.0 <later@box.test>")


wait_until("Postfix puts the first mail off", 30, lambda: putoffs() > 0)
check("and has none of it", not mails("later@box.test"))
wait_until("what Postfix refuses for good is dead", 30, lambda: len(status()["dead"]) == expected)
dead = status()["dead"]
check("with its reason", all("550" in item["reason"] and "no such user" in item["reason"] for item in dead), json.dumps(dead))
check("of the right destination", {item["destination"] for item in dead} == {"gone"}, json.dumps(dead))

wait_until("over verified TLS it arrives", 30, lambda: len(mails("sealed@box.test")) == expected)
received = [" ".join(mail.get_all("Received")) for mail in mails("sealed@box.test")]
check("and Postfix says that it was TLS", all("TLSv1" in line for line in received), str(received))
tried = [attempt for item in why(dead[0]["event"]) if item["destination"] == "stranger" for attempt in item["attempts"]]
check("a certificate that nobody vouches for is refused", tried and all("certificate" in attempt["detail"].lower() for attempt in tried),
      json.dumps(tried))
check("and nothing is handed over", not mails("stranger@box.test"))

(place_folder / "later").write_text("")
subprocess.run(["postfix", "-c", str(place_folder / "etc"), "reload"], capture_output=True, check=True)
# After a 450, which may be greylisting, the relay waits five minutes.
wait_until("what was put off arrives", 400, lambda: len(mails("later@box.test")) >= expected)
time.sleep(2)
late = mails("later@box.test")
check("once", len(late) == len({mail["Message-ID"] for mail in late}) == expected, f"{len(late)} of {expected}")

relay.send_signal(signal.SIGTERM)
said = relay.communicate(timeout=30)[1]
check("the relay ends with 0", relay.returncode == 0, said[-1500:])
print(f"postfix: {len(late)} mails put off {putoffs()} times and then accepted, {len(dead)} dead with their reason, "
      f"{len(received)} over STARTTLS with an own CA, none to the stranger; {len(faults)} faults")
sys.exit(1 if faults else 0)
