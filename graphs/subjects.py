"""The subject of a mail as its thread began: one rule for threading, for titles and for replies. Pure."""

import re

REPLY = re.compile(
    r"\s*(?:re|aw|antw|antwort|sv|vs|ref|res|rif|ynt|odp|отв|ответ|回复|回覆|答复|返信|r)\s*(?:\[\d{1,3}\]|\(\d{1,3}\)"
    r"|\d{1,2})?\s*[:：]",
    re.IGNORECASE,
)
_FORWARD = re.compile(
    r"\s*(?:fwd?|wg|tr|rv|i|enc|doorst|vl|vb|vid|pd|пересл|转发|轉寄|転送)\s*(?:\[\d{1,3}\]|\(\d{1,3}\))?\s*[:：]",
    re.IGNORECASE,
)
_LIST_TAG = re.compile(r"\s*\[[^\[\]]{1,40}\]")


def base_subject(subject: str) -> str:
    """The subject as it began: without reply and forward marks of many languages, list tags between them, `(fwd)`."""
    text = subject.strip()
    while True:
        match = REPLY.match(text) or _FORWARD.match(text)
        tag = None if match else _LIST_TAG.match(text)
        # A tag goes only together with a mark behind it: "[RFC] Names" keeps its tag.
        if tag and (REPLY.match(text, tag.end()) or _FORWARD.match(text, tag.end())):
            match = tag
        if not match:
            break
        text = text[match.end() :]
    text = re.sub(r"\s*\((?:fwd|wg)\)\s*$", "", text, flags=re.IGNORECASE)
    return " ".join(text.split())
