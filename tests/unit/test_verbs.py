"""The rule of what may be said to a mail server sees whatever is not."""

import pytest

from tests.servers.verbs import filed, strange, taken_out

REMOVAL = ['SELECT "Drafts"', "UID STORE 7 +FLAGS.SILENT (\\Deleted)", "UID EXPUNGE 7"]
ALLOWED = [
    "CAPABILITY", "AUTHENTICATE PLAIN", 'LIST "" "*"', 'STATUS "INBOX" (UIDVALIDITY UIDNEXT MESSAGES)', 'EXAMINE "INBOX"',
    "UID SEARCH SINCE 1-Nov-2026", "UID FETCH 3,4 (BODY.PEEK[]<0.65536>)", 'APPEND "Drafts" (\\Draft) {10}', *REMOVAL, "LOGOUT",
]  # fmt: skip


def test_reads_new_drafts_and_the_removal_of_one_may_be_said() -> None:
    assert strange(ALLOWED) == []
    assert (len(filed(ALLOWED)), len(taken_out(ALLOWED))) == (1, 1)
    assert strange(["LOGOUT", *REMOVAL[:2], "CAPABILITY"]) == []  # the line broke before the last


@pytest.mark.parametrize(
    "defect",
    [
        'SELECT "INBOX"', "UID STORE 1 +FLAGS.SILENT (\\Seen)", "UID FETCH 1 (BODY[])", "UID FETCH 1 (RFC822)", "EXPUNGE", "CLOSE",
        'UID MOVE 1 "Trash"', 'UID COPY 1 "Sent"', 'APPEND "INBOX" (\\Draft) {10}', 'APPEND "Drafts" {10}', 'DELETE "INBOX"',
        'APPEND "Sent" (\\Draft) {10}', "UID FETCH 1 (BODY.PEEK[] BODY[])", 'CREATE "x"', "UID EXPUNGE 7", *REMOVAL[1:],
    ],
)  # fmt: skip
def test_whatever_else_is_said_is_seen(defect: str) -> None:
    assert strange(["LOGOUT", defect, "NOOP"]) == [defect]


def test_a_mark_outside_of_drafts_and_the_removal_of_another_mail_are_seen() -> None:
    assert strange(['EXAMINE "INBOX"', REMOVAL[1]]) == [REMOVAL[1]]
    assert strange([*REMOVAL[:2], "UID EXPUNGE 7:9"]) == ["UID EXPUNGE 7:9"]
    assert strange([*REMOVAL[:2], "UID EXPUNGE 8"]) == ["UID EXPUNGE 8"]
