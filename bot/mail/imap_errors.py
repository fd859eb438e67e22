"""What a mail server's refusal means, sorted once by what to do. Our sentences quote neither the server nor a mail."""

import imaplib
import re
import ssl
from typing import Literal

from graphs.errors import Later, NeedsPerson, NightdeskError

PAUSE = 300.0  # seconds, where a server throttles and does not say for how long
MOMENT = 60.0

NONSENSE = (ValueError, LookupError, TypeError, AttributeError, RecursionError)
"""What imapclient raises on lines that are no IMAP, beside its own errors."""

FAILURES = (imaplib.IMAP4.error, OSError, *NONSENSE)
"""Everything that a call of imapclient may raise; its own errors are imaplib's."""

RefusalCode = Literal[
    "OVERQUOTA", "NOPERM", "TRYCREATE", "ALREADYEXISTS", "NONEXISTENT", "CANNOT", "TOOBIG", "READ-ONLY"
]


class LoginRefused(NeedsPerson):
    """The server knows who we say we are and does not let us in."""


class Declined(Later):
    """The server did not do this, for a reason that we do not know; the connection is as good as before."""


class Refused(NeedsPerson):
    """The server refuses what was asked, not us; `code` is its own word for why (RFC 5530)."""

    def __init__(self, message: str, code: RefusalCode) -> None:
        super().__init__(message)
        self.code = code


_CODE = re.compile(r"\[([A-Z][A-Z/-]+)(?: [^\]]*)?\]", re.IGNORECASE)
_BACKOFF = re.compile(r"Suggested Backoff Time: (\d{1,9})", re.IGNORECASE)  # Microsoft's, in milliseconds
_WAIT = {"LIMIT": PAUSE, "THROTTLED": PAUSE, "UNAVAILABLE": MOMENT, "INUSE": MOMENT, "SYS/TEMP": MOMENT}
_THROTTLED = re.compile(
    r"too many|throttl|rate.?limit|bandwidth|maximum number of|try again|temporar|not connected|server busy|overload",
    re.IGNORECASE,
)
_LOGIN: dict[str, str] = {
    "AUTHENTICATIONFAILED": "give the current password, or an app password where the provider asks for one",
    "AUTHORIZATIONFAILED": "the account may not use this mailbox: ask its administrator",
    "EXPIRED": "the password or the permission has expired: renew it",
    "WEBALERT": "sign in once in a browser and confirm that this access is yours",
    "PRIVACYREQUIRED": "the server wants an encrypted connection: set the security to tls or starttls",
    "CONTACTADMIN": "the server asks to talk to its administrator",
}
_WRONG_PASSWORD = re.compile(
    r"(?:invalid|incorrect|wrong|bad) (?:\w+ )?(?:credential|password|user|login)|password required"
    r"|(?:login|authentication|authenticate|logon)\b.{0,20}\b(?:fail|invalid|denied|reject)",
    re.IGNORECASE,
)
_REFUSED: dict[RefusalCode, str] = {
    "OVERQUOTA": "the mailbox is full: make room in it",
    "NOPERM": "we may not write there: give this login the right to",
    "TRYCREATE": "the folder is not there: create it in the mail program, or set another one",
    "ALREADYEXISTS": "it is there already",
    "NONEXISTENT": "the folder is not there: create it in the mail program, or set another one",
    "CANNOT": "the server never allows this",
    "TOOBIG": "the mail is larger than the server takes",
    "READ-ONLY": "the folder may only be read: give this login the right to write, or set another one",
}

_WORDS: dict[RefusalCode, re.Pattern[str]] = {
    "NONEXISTENT": re.compile(
        r"nonexistent|(?:not|n't) exist|(?:no such|unknown|invalid) (?:mailbox|folder)", re.IGNORECASE
    ),
    "OVERQUOTA": re.compile(r"over ?quota|quota exceeded|exceed\w* \w*quota|mailbox (?:is )?full", re.IGNORECASE),
    "NOPERM": re.compile(r"(?:permission|access) (?:is )?denied|not (?:permitted|authorized)", re.IGNORECASE),
}
"""For servers that give no code."""


def is_lost(err: BaseException) -> bool:
    """Whether the connection ended under the command, so that nobody knows what became of it.

    imapclient turns a dropped line during a login into LoginError as well; the drop is then its context.
    """
    return not isinstance(err, imaplib.IMAP4.error) or _is_abort(err) or _is_abort(err.__context__) or _is_too_long(err)


def _is_abort(err: BaseException | None) -> bool:
    return isinstance(err, imaplib.IMAP4.abort) and not isinstance(err, imaplib.IMAP4.readonly)


def _is_too_long(err: BaseException) -> bool:
    return str(err).startswith("got more than")  # imaplib stops within a line, so nothing behind it can be read


def sort_out(
    err: BaseException, host: str, doing: str, *, logging_in: bool = False, goodbye: str = ""
) -> NightdeskError:
    """The error to raise instead of `err`, whose own text may quote anything that the server sent.

    `goodbye` is what the server said before it hung up.
    """
    if isinstance(err, ssl.SSLCertVerificationError):
        return NeedsPerson(f"The certificate of {host} is not valid for it: correct the host name, or its certificate.")
    if isinstance(err, TimeoutError):
        return Later(f"{host} did not answer in time ({doing}).")
    if isinstance(err, imaplib.IMAP4.readonly):
        return _refusal(host, doing, "READ-ONLY")
    if not isinstance(err, imaplib.IMAP4.error):
        kind = "cannot be reached" if isinstance(err, OSError) else "answered what is no IMAP"
        return Later(f"{host} {kind} ({doing}).")
    lost = is_lost(err)
    # The error of a broken line quotes what came last, half an `OK [READ-ONLY]` or a stranger's mail: no word to us is in it.
    return _said(goodbye if lost else f"{err} {goodbye}", host, doing, logging_in, lost)


def _said(text: str, host: str, doing: str, logging_in: bool, lost: bool) -> NightdeskError:
    codes = [code.upper() for code in _CODE.findall(text)]
    if backoff := _BACKOFF.search(text):
        return Later(f"{host} asks us to wait ({doing}).", after=int(backoff.group(1)) / 1000)
    for code in codes:
        if code in _WAIT:
            return Later(f"{host} asks us to come later: {code} ({doing}).", after=_WAIT[code])
        if logging_in and code in _LOGIN:
            return LoginRefused(f"{host} refused the login ({code}): {_LOGIN[code]}.")
        for refusal in _REFUSED:
            if code == refusal:
                return _refusal(host, doing, refusal)
    if _THROTTLED.search(text):
        return Later(f"{host} is busy or throttles us ({doing}).", after=PAUSE)
    if logging_in and not lost and _WRONG_PASSWORD.search(text):
        return LoginRefused(f"{host} refused the login: {_LOGIN['AUTHENTICATIONFAILED']}.")
    for refusal, words in _WORDS.items():
        if not lost and not logging_in and words.search(text):
            return _refusal(host, doing, refusal)
    if lost:
        return Later(f"{host} dropped the connection ({doing}).")
    return Declined(f"{host} did not do it and gave no reason that we know ({doing}).")


def _refusal(host: str, doing: str, code: RefusalCode) -> Refused:
    return Refused(f"{host} refused ({code}, {doing}): {_REFUSED[code]}.", code)
