"""Links from sources, built locally: no call to Slack, no text of a message ever becomes a target."""

from urllib.parse import quote, urlsplit

from graphs.domain import DocumentSource, MailSource, SlackSource, Source

OPENS = frozenset({"http", "https", "slack", "mid"})
"""Schemes of the links Nightdesk makes or passes on; anything else is shown as text."""


def permalink(team_url: str | None, channel: str, ts: str, *, team: str = "", thread_ts: str = "") -> str:
    """Where one Slack message opens.

    `team_url` is the workspace's address as `auth.test` returns it; without one (an export) the desktop app's deep link
    is built from the workspace id `team`. `thread_ts` of a reply makes the browser open the thread.
    """
    if not team_url:
        return f"slack://channel?team={_part(team)}&id={_part(channel)}&message={_part(ts)}"
    address = f"{team_url.rstrip('/')}/archives/{_part(channel)}/p{_part(ts.replace('.', ''))}"
    if thread_ts in ("", ts):
        return address
    return f"{address}?thread_ts={_part(thread_ts)}&cid={_part(channel)}"


_GMAIL = "https://mail.google.com/mail/?authuser={account}#search/rfc822msgid%3A{message_id}"
WEBMAIL = {"imap.gmail.com": _GMAIL, "imap.googlemail.com": _GMAIL}
"""By the host of a mailbox, where its owner finds one of its mails in a browser."""


def mail_link(message_id: str, account: str = "", webmail: str = "") -> str:
    """Where `webmail` (an address with `{message_id}` and perhaps `{account}` in it) finds a mail; without one a `mid:` URL
    (RFC 2392). The Message-ID goes without its angle brackets, percent-encoded."""
    bare = message_id.strip().removeprefix("<").removesuffix(">")
    if not webmail:
        return f"mid:{quote(bare, safe='@')}"
    return webmail.replace("{account}", quote(account, safe="")).replace("{message_id}", quote(bare, safe=""))


def source_link(
    source: Source, team_url: str | None = None, *, team: str = "", thread_ts: str = "", webmail: str = ""
) -> str:
    """Where `source` opens; "" for a document, which has no address of its own."""
    match source:
        case SlackSource():
            return permalink(team_url, source.channel, source.ts, team=team, thread_ts=thread_ts)
        case MailSource():
            return mail_link(source.message_id, source.account, webmail)
        case DocumentSource():
            return ""


def opens(url: str) -> bool:
    """True when `url` may be put behind something clickable: an allowed scheme, a host where one is due, no tricks."""
    if url != url.strip() or any(c.isspace() or not c.isprintable() or c in "<>|\"'`\\" for c in url):
        return False
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:  # a malformed IPv6 host
        return False
    if parts.scheme in ("http", "https"):
        # user:password@host is how a link hides where it goes.
        return bool(host) and parts.username is None
    return parts.scheme in OPENS


def _part(text: str) -> str:
    return quote(text, safe=".")
