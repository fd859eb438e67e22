"""What a mail server may be asked for: reads that leave no trace, new drafts, and that one draft is taken out again."""

import re
from collections.abc import Sequence

_READS = (
    r'CAPABILITY|AUTHENTICATE PLAIN|NAMESPACE|NOOP|LOGOUT|LIST "" "\*"|STATUS "[^"]*" \([A-Z ]+\)|EXAMINE "[^"]*"'
    r"|UID SEARCH .*|UID FETCH [\d,:]+ \((?:RFC822\.SIZE INTERNALDATE FLAGS )?BODY\.PEEK\[[^\]]*\](?:<\d+\.\d+>)?\)"
)
_FILES = r'APPEND "Drafts" \(\\Draft\) \{\d+\+?\}'
_SELECTS = r'SELECT "Drafts"'
_MARKS = r"UID STORE (\d+) \+FLAGS\.SILENT \(\\Deleted\)"

_ALLOWED = re.compile(f"{_READS}|{_FILES}|{_SELECTS}")
_ALLOWED_NEXT = re.compile(rf"{_SELECTS}\n{_MARKS}|{_MARKS}\nUID EXPUNGE \2")


def filed(commands: Sequence[str]) -> list[str]:
    """Those that put a draft."""
    return [one for one in commands if re.fullmatch(_FILES, one)]


def taken_out(commands: Sequence[str]) -> list[str]:
    return [one for one in commands if one.startswith("UID EXPUNGE ")]


def strange(commands: Sequence[str]) -> list[str]:
    """Those that may not be said where they stand: a mark only in Drafts, and only of what is marked may be expunged."""
    return [
        one
        for before, one in zip(["", *commands], commands, strict=False)
        if not _ALLOWED.fullmatch(one) and not _ALLOWED_NEXT.fullmatch(f"{before}\n{one}")
    ]
