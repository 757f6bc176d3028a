"""Payloads of every destination, judged by other people's code: discord.py, python-telegram-bot's limits, slack-sdk, an Adaptive Card check
written from its documentation, and an HTML parser for the subsets of Telegram and of mail."""

import email
import email.policy
import json
import os
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import discord
from slack_sdk.models.blocks import Block
from telegram.constants import MessageLimit

from standin import HOSTILE

binary, folder = sys.argv[1], Path(os.environ["PLACE"]) / "validators"
folder.mkdir(exist_ok=True)
faults = []
KINDS = ["notification", "approval", "decision", "run", "reminder", "digest", "relay"]


def check(what, good, detail=""):
    if not good:
        faults.append(what)
        print(f"FAULT {what} {detail}"[:500])


(folder / "relay.yaml").write_text("""
accounts: {live: {api_key: rk_live_x}}
links: {run: "https://runs.example.com/{run_id}"}
destinations:
  ops: {type: slack, url: "https://hooks.slack.com/services/T/B/x"}
  bot: {type: slack, token: xoxb-1-2, channel: C0123456789}
  room: {type: discord, url: "https://discord.com/api/webhooks/1/x"}
  card: {type: teams, url: "https://e.environment.api.powerplatform.com/powerautomate/automations/direct/workflows/1/triggers/manual/paths/invoke?api-version=1&sp=%2F&sv=1.0&sig=x"}
  tg: {type: telegram, token: "1:x", chat: "-100123"}
  letter: {type: email, server: "smtps://smtp.example.com", from: relay@example.com, to: [ops@example.com]}
routes: []
""")


def preview(*arguments):
    done = subprocess.run([binary, "preview", *arguments], cwd=folder, capture_output=True, text=True, timeout=60)
    check(f"preview {arguments} ends with 0", done.returncode == 0, done.stderr)
    return done.stdout


class Subset(HTMLParser):
    """Tags of a closed list, each closed in its turn; no attribute but those allowed."""

    def __init__(self, tags, void=()):
        super().__init__(convert_charrefs=True)
        self.tags, self.void, self.open, self.text, self.wrong = tags, void, [], "", []

    def handle_starttag(self, tag, attributes):
        if tag not in self.tags:
            self.wrong.append(f"<{tag}>")
        for name, value in attributes:
            if name not in self.tags.get(tag, ()) or (name == "href" and not value.startswith(("https://", "http://", "mailto:"))):
                self.wrong.append(f"{tag} {name}={value}")
        if tag not in self.void:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"</{tag}>")

    def handle_data(self, data):
        self.text += data


TELEGRAM = {"b": (), "i": (), "u": (), "s": (), "code": (), "pre": (), "blockquote": (), "a": ("href",)}
STYLED = {tag: ("style", "role", "href", "lang", "class", "width", "height", "colspan", "align", "valign", "bgcolor", "cellpadding", "cellspacing", "border") for tag in
          ("html", "head", "body", "title", "style", "div", "p", "h1", "h2", "h3", "strong", "b", "em", "i", "a", "ul", "ol", "li", "table", "thead", "tbody", "tr", "td", "th",
           "pre", "span", "br", "hr", "code", "blockquote", "small")}
STYLED["meta"] = ("charset", "name", "content")


def adaptive(node, path="card"):
    """The elements that the relay uses, as https://adaptivecards.io/explorer/ and Teams' page on cards describe them."""
    kinds = {
        "AdaptiveCard": {"type", "$schema", "version", "body", "actions", "msteams", "fallbackText"},
        "TextBlock": {"type", "text", "size", "weight", "color", "wrap", "spacing", "isSubtle", "separator", "style"},
        "RichTextBlock": {"type", "inlines", "spacing", "separator", "horizontalAlignment"},
        "TextRun": {"type", "text", "size", "weight", "color", "isSubtle", "fontType", "italic"},
        "FactSet": {"type", "facts", "spacing", "separator"},
        "Container": {"type", "items", "style", "bleed", "spacing", "separator"},
        "Action.OpenUrl": {"type", "title", "url"},
    }
    kind = node.get("type")
    check(f"{path}: {kind} is an element", kind in kinds)
    check(f"{path}: members of {kind}", set(node) <= kinds.get(kind, set()), str(set(node) - kinds.get(kind, set())))
    if kind in ("TextBlock", "TextRun"):
        check(f"{path}: has text", isinstance(node.get("text"), str))
    if kind == "TextBlock":
        check(f"{path}: wraps", node.get("wrap") is True)
    if kind == "Action.OpenUrl":
        check(f"{path}: an absolute address", node["url"].startswith("https://"))
    if kind == "FactSet":
        check(f"{path}: facts", all(set(f) == {"title", "value"} and all(isinstance(v, str) for v in f.values()) for f in node["facts"]))
    for name in ("body", "inlines", "items", "actions"):
        for index, child in enumerate(node.get(name, [])):
            adaptive(child, f"{path}.{name}[{index}]")


def judge(name, text):
    if name in ("ops", "bot"):
        for block in Block.parse_all(json.loads(text)["blocks"]):
            block.validate_json()
    elif name == "room":
        payload = json.loads(text)
        check("discord: nobody is called", payload["allowed_mentions"]["parse"] == [])
        for raw in payload["embeds"]:
            embed = discord.Embed.from_dict(raw)
            check("discord: the embed is the same after a round", embed.title == raw["title"] and embed.description == raw["description"])
            check("discord: at most 6,000 in all", len(embed) <= 6000 and len(embed.title) <= 256 and len(embed.description) <= 4096)
            check("discord: no field is empty", all(f.name and f.value and len(f.value) <= 1024 for f in embed.fields) and len(embed.fields) <= 25)
    elif name == "tg":
        payload = json.loads(text)
        parser = Subset(TELEGRAM)
        parser.feed(payload["text"])
        parser.close()
        check("telegram: only its tags, each closed", not parser.wrong and not parser.open, str(parser.wrong))
        check("telegram: within one message", len(parser.text.encode("utf-16-le")) // 2 <= MessageLimit.MAX_TEXT_LENGTH)
    elif name == "card":
        payload = json.loads(text)
        check("teams: at most 28 KB", len(text.encode()) <= 28_000)
        attachment = payload["attachments"][0]
        check("teams: an Adaptive Card", attachment["contentType"] == "application/vnd.microsoft.card.adaptive" and attachment["content"]["version"] in ("1.4", "1.5"))
        adaptive(attachment["content"])
    elif name == "letter":
        mail = email.message_from_string(text.replace("\r\n", "\n"), policy=email.policy.default)
        check("mail: no defects", not any(part.defects for part in mail.walk()))
        parser = Subset(STYLED, void=("meta", "br", "hr"))
        parser.feed(mail.get_body(("html",)).get_content())
        check("mail: only harmless tags, each closed", not parser.wrong and not parser.open, str(parser.wrong[:5]))


count = 0
for name in ("ops", "bot", "room", "card", "tg", "letter"):
    for kind in KINDS:
        judge(name, preview("--sample", kind, "--for", name))
        count += 1
    for number, text in enumerate(HOSTILE):
        for kind, fields in (("notification", {"message": text, "type": text[:200]}), ("approval", {"state": "open", "action": text, "actions": [{"why": text[:3000]}]}),
                             ("run", {"outcome": "failed", "error": text, "failed_step": text[:200]})):
            document = {"type": kind, "timestamp": "2026-11-24T09:00:00Z", "data": {
                "id": f"live/{kind}/{number}", "account": "live", "priority": "high", "automation": {"id": "a", "name": text[:300], "risk": text[:100]},
                "run": {"id": "r", "status": text[:100]}, kind: {**fields, **({"id": "r", "status": "failed"} if kind == "run" else {})}}}
            (folder / "event.json").write_text(json.dumps(document))
            judge(name, preview("event.json", "--for", name))
            count += 1
print(f"validators: {count} payloads judged; {len(faults)} faults")
sys.exit(1 if faults else 0)
