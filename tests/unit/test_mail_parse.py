"""One raw mail becomes a Message, however old, odd or hostile it is."""

import gzip
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.mail import html, mbox
from bot.mail.addresses import addresses
from bot.mail.parse import parse, unflowed
from graphs.domain import Address, MailFacts, Message
from graphs.errors import NeedsPerson

PLAIN = """From: =?utf-8?q?Ada_L=C3=B6v?= <Ada@Example.org>
To: Bob <bob@example.com>, "Babbage, C." <cb@example.com>
Cc: team: eve@example.com;
Date: Mon, 23 Nov 2026 10:00:00 +0100
Subject: =?iso-8859-1?q?Gr=FC=DFe?= =?iso-8859-1?q?_an_alle?=
Message-ID: <1@example.org>
In-Reply-To: <0@example.org>
References: <a@example.org>
 <0@example.org>
Delivered-To: bob@example.com

Yes, at ten.

> Friday?
"""


def read(text: str, fallback: datetime | None = None) -> Message:
    return parse(text.encode(), "Bob@example.com", "inbox", fallback)


def facts(text: str) -> MailFacts:
    found = read(text).mail
    assert found is not None
    return found


def two(first: str, second: str, kind: str = "alternative") -> str:
    return (
        f"From: a@example.org\nMIME-Version: 1.0\nContent-Type: multipart/{kind}; boundary=b\n\n"
        f"--b\n{first}\n--b\n{second}\n--b--\n"
    )


@pytest.mark.parametrize(
    "mail",
    [
        PLAIN,
        PLAIN.replace("Message-ID: <1@example.org>\n", ""),
        two("\nHello,\nthere\n", "Content-Type: text/html\n\n<p>Hello,<br>there</p>"),
        two("\nSee there\n", "Content-Type: text/csv\nContent-Disposition: attachment\n\na;b\n1;2\n", "mixed"),
        two("Content-Transfer-Encoding: quoted-printable\n\nsee =\nthere =20\n\n-- \nAda", "\n\n", "mixed"),
        two("\nSee", "Content-Type: x/y\nContent-Transfer-Encoding: base64\n\nQUJDREVG\nQUJDREVG\n", "mixed"),
        two("\nSee", "Content-Type: message/rfc822\n\nSubject: Friday\n\nWhen?\n", "mixed"),
        "Subject: headers alone",
        "\nno headers",
    ],
)
def test_a_mail_is_the_same_however_its_lines_end(mail: str) -> None:
    assert read(mail.replace("\n", "\r\n")) == read(mail)


def test_a_plain_mail_says_who_to_whom_when_and_what() -> None:
    message = read(PLAIN)
    mail = message.mail

    assert mail is not None
    assert (message.scope, message.text.text) == ("account:bob@example.com", "Yes, at ten.")
    assert message.author.name == "Ada Löv"
    assert message.author.key == "ada@example.org"
    assert message.sent_at == datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
    assert mail.offset_minutes == 60
    assert mail.subject == "Grüße an alle"
    assert mail.to == (
        Address(name="Bob", address="bob@example.com"),
        Address(name="Babbage, C.", address="cb@example.com"),
    )
    assert mail.cc == (Address(address="eve@example.com"),)
    assert (mail.in_reply_to, mail.references) == ("<0@example.org>", ("<a@example.org>", "<0@example.org>"))
    assert mail.delivered_to == ("bob@example.com",)
    assert mail.quotes_original


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("Date: Mon, 23 Nov 2026 10:00:00 +0100", "2026-11-23T09:00:00"),
        ("Date: 23 Nov 102 10:00:00 GMT", "2002-11-23T10:00:00"),
        ("Date: Mon, 23 Nov 26 10:00:00 GMT", "2026-11-23T10:00:00"),
        ("Date: nonsense\nReceived: from x by y; Mon, 23 Nov 2026 11:00:00 +0000", "2026-11-23T11:00:00"),
        ("Date: Mon, 1 Jan 2035 11:00:00 +0000\nReceived: x; Mon, 23 Nov 2026 11:00:00 +0000", "2026-11-23T11:00:00"),
        ("Date: Thu, 1 Jan 1970 00:00:00 +0000", "2020-01-01T00:00:00"),
        ("Date: Mon, 99 Foo 2026 99:99:99 +9999", "2020-01-01T00:00:00"),
        ("X-Nothing: here", "2020-01-01T00:00:00"),
    ],
)
def test_a_date_comes_from_date_then_received_then_the_store(header: str, expected: str) -> None:
    message = read(f"From: a@example.org\n{header}\n\nHi\n", datetime(2020, 1, 1, tzinfo=UTC))

    assert message.sent_at.replace(tzinfo=None).isoformat() == expected


def test_a_mail_without_an_id_gets_the_same_one_whatever_way_it_came() -> None:
    bare = "From: a@example.org\nSubject: Hi\n\nHello\n"

    one, other = facts(bare), facts("Received: x; y\n" + bare.replace("\n", "\r\n"))

    assert one.message_id == other.message_id
    assert one.message_id != facts(bare.replace("Hello", "Hallo")).message_id


def test_plain_text_is_chosen_and_the_links_of_the_html_are_kept() -> None:
    mail = read(
        two(
            "Content-Type: text/plain\n\nPay here",
            'Content-Type: text/html\n\n<a href="http://evil.example/">http://bank.example</a>',
        )
    )

    assert mail.mail is not None
    assert mail.text.text == "Pay here"
    assert [(link.shown, link.target) for link in mail.mail.links] == [("http://bank.example", "http://evil.example/")]
    assert (mail.mail.has_html, mail.mail.html_only) == (True, False)


@pytest.mark.parametrize("plain", ["", "This mail needs an HTML viewer."])
def test_html_is_read_when_the_plain_part_says_nothing(plain: str) -> None:
    mail = read(two(f"Content-Type: text/plain\n\n{plain}", "Content-Type: text/html\n\n<p>Hello <b>Bob</b></p>"))

    assert mail.mail is not None
    assert mail.text.text == "Hello Bob"
    assert mail.mail.html_only


def test_a_list_footer_beside_an_html_mail_does_not_hide_it() -> None:
    mail = read(two("Content-Type: text/html\n\n<p>Hello</p>", "Content-Type: text/plain\n\nList footer", "mixed"))

    assert mail.text.text.startswith("Hello")


@pytest.mark.parametrize(
    "hidden",
    [
        '<div style="display: none">{}</div>',
        '<span style="font-size:0px">{}</span>',
        '<span style="font-size:1px">{}</span>',
        '<p style="color:#ffffff">{}</p>',
        '<p style="color:#FFF;background-color:white">{}</p>',
        '<font color="white">{}</font>',
        '<table bgcolor="#000000"><tr><td><font color="#000">{}</font></td></tr></table>',
        '<div background="no.gif" style="color:#fff">{}</div>',
        '<p style="color:#fff;background:url(no.gif)">{}</p>',
        '<p style="color:whitesmoke">{}</p>',
        '<p style="color:rgba(0, 0, 0, 0)">{}</p>',
        '<p style="color:transparent">{}</p>',
        '<div style="visibility:hidden">{}</div>',
        '<div style="opacity:0">{}</div>',
        '<div style="height:0;overflow:hidden">{}</div>',
        '<div style="max-height:0px">{}</div>',
        '<div style="mso-hide:all">{}</div>',
        '<div style="text-indent:-9999px">{}</div>',
        "<div hidden>{}</div>",
        '<div class="x">{}</div>',
        "<!-- {} -->",
        "<script>{}</script>",
        "<style>{}</style>",
        "<template>{}</template>",
        "<title>{}</title>",
    ],
)
def test_text_hidden_from_the_eye_is_not_read(hidden: str) -> None:
    source = f"<html><head><style>.x {{ display: none }}</style></head><body><p>Seen</p>{hidden.format('obey me')}</body></html>"

    assert html.text_and_links(source)[0] == "Seen"


def test_visible_text_on_a_dark_ground_is_read() -> None:
    source = '<table bgcolor="#003366"><tr><td style="color:#fff">Seen</td></tr></table><p style="font-size:10px">Small</p><p style="opacity:0.8">Pale</p>'
    source += '<style>.b { background: navy }</style><a class="b" style="color:white">Button</a><p style="color:grey">Grey</p>'

    assert html.text_and_links(source)[0].split() == ["Seen", "Small", "Pale", "Button", "Grey"]


def test_html_keeps_lines_lists_and_quotations_apart() -> None:
    source = "<div>Hi Bob,</div><div><br></div><ul><li>one</li><li>two</li></ul><blockquote>old<br>words</blockquote>"

    assert html.text_and_links(source)[0].split("\n") == ["Hi Bob,", "", "- one", "- two", "", "> old", "> words"]


def test_a_gmail_reply_in_html_is_split() -> None:
    body = (
        '<div dir="ltr">Yes.<div class="gmail_signature">Bob<br>Engines</div></div><br><div class="gmail_quote"><div class="gmail_attr">'
        'On Mon, 23 Nov 2026 at 10:00, Ada &lt;ada@example.org&gt; wrote:<br></div><blockquote class="gmail_quote">Friday?</blockquote></div>'
    )
    message = read(f"From: a@example.org\nContent-Type: text/html\n\n{body}")

    assert message.text.text == "Yes."
    assert message.mail is not None
    assert message.mail.signature == "--\nBob\nEngines"


def test_flowed_lines_become_paragraphs() -> None:
    assert (
        unflowed("One long \nline\n> quoted \n> too\n-- \nBob", delsp=False) == "One long line\n> quoted too\n-- \nBob"
    )
    assert unflowed("ja \npan", delsp=True) == "japan"


def test_attachments_are_named_and_not_read() -> None:
    first = "Content-Type: text/plain\n\nSee attached."
    second = "Content-Type: application/pdf\nContent-Transfer-Encoding: base64\nContent-Disposition: attachment; filename*=utf-8''Pl%C3%A4ne.pdf\n\nQUJDREVG"
    message = read(two(first, second, "mixed"))

    assert message.mail is not None
    [attachment] = message.mail.attachments
    assert (attachment.name, attachment.media_type, attachment.size) == ("Pläne.pdf", "application/pdf", 6)
    assert message.text.text == "See attached."


def test_a_forwarded_mail_is_an_attachment_with_its_subject() -> None:
    mail = facts(
        two("Content-Type: text/plain\n\nFYI", "Content-Type: message/rfc822\n\nSubject: Plans\n\nsecret", "mixed")
    )

    assert [a.name for a in mail.attachments] == ["Plans"]


def test_an_invitation_names_its_method() -> None:
    mail = facts(
        two("Content-Type: text/plain\n\nJoin us", "Content-Type: text/calendar; method=request\n\nBEGIN:VCALENDAR")
    )

    assert mail.calendar_method == "REQUEST"
    assert mail.attachments == ()


def test_verdicts_count_only_from_the_receiving_server() -> None:
    mail = facts(
        "Authentication-Results: mx.example.com; spf=fail; dkim=none\nFrom: a@example.org\nAuthentication-Results: evil; dmarc=pass\n\nx"
    )

    assert mail.authentication == ("spf=fail", "dkim=none")


def test_signs_of_bulk_are_read() -> None:
    mail = facts(
        "From: a@example.org\nList-Id: <l.example.org>\nList-Unsubscribe: <x>\nPrecedence: Bulk\nAuto-Submitted: Auto-Replied\nReturn-Path: <>\nX-Spam-Flag: YES\n\nx"
    )

    assert (mail.list_id, mail.list_unsubscribe, mail.precedence) == ("<l.example.org>", True, "bulk")
    assert (mail.auto_submitted, mail.return_path, mail.spam_flag) == ("auto-replied", "<>", True)


def test_an_encoded_word_cannot_add_an_address() -> None:
    assert addresses("=?utf-8?q?a=40evil=2Eexample=2C_b?= <bob@example.com>") == (
        Address(name="a@evil.example, b", address="bob@example.com"),
    )


@pytest.mark.parametrize(
    "charset", ["x-unknown", "idna", "punycode", "zip", "utf-7", "\x00", "utf-8", "unicode_escape", "iso-2022-jp"]
)
def test_a_bad_charset_is_tolerated(charset: str) -> None:
    raw = f"From: a@example.org\nContent-Type: text/plain; charset={charset}\n\n".encode() + b"Gr\xfc\xdfe \xff\xfe\x00"

    assert parse(raw, "a@b.example", "inbox").text.text.startswith("Gr")


def test_nothing_unfit_for_the_database_gets_through() -> None:
    raw = b"From: a\x00b@example.org\nSubject: x\x00\xed\xa0\x80y\nContent-Type: text/html\n\n<p>a\x00b&#0;&#xD800;\xed\xb0\x80</p>"

    text = parse(raw, "a@b.example", "inbox").model_dump_json()

    assert "\\u0000" not in text
    text.encode("utf-8")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\n",
        b"\x00" * 1_000,
        b"no header at all",
        b"Subject: " + b"x" * 1_000_000 + b"\n\nHi",
        b"To: " + b"a@example.org, " * 100_000 + b"\n\nHi",
        b"To: " + b"(" * 100_000 + b"\n\nHi",
        b'To: "' + b'\\"' * 100_000 + b"\n\nHi",
        b"Content-Type: text/plain" + b"; a" * 100_000 + b"\n\nHi",
        b"References: " + b"<a@b> " * 100_000 + b"\n\nHi",
        b"X: y\n" * 200_000 + b"\nHi",
        b"Subject: " + b"=?utf-8?q?x?= " * 20_000 + b"\n\nHi",
        b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(1_000)),
        b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 50_000,
        b"Content-Type: multipart/mixed; boundary=\n\n--\n\nx",
        b"Content-Transfer-Encoding: base64\n\n" + b"=" * 100_000,
        b"Content-Type: text/html\n\n" + b"<div>" * 50_000,
    ],
)  # fmt: skip
@pytest.mark.timeout(3)
def test_odd_and_hostile_mail_is_parsed_in_time(raw: bytes) -> None:
    message = parse(raw, "a@b.example", "inbox")

    assert message.mail is not None
    assert len(message.model_dump_json()) < 2_000_000


# --- where mail lies ------------------------------------------------------------------------------


MBOX = "From a@example.org Mon Nov 23 10:00:00 2026\nSubject: one\nStatus: RO\n\nHi\n>From here\n\nFrom b Mon Nov 23 11:00:00 2026\nSubject: two\nStatus: O\n\nFrom here on\n"


def test_an_mbox_is_split_and_unescaped(tmp_path: Path) -> None:
    path = tmp_path / "mail"
    path.write_text(MBOX)

    one, two_ = mbox.read(path)

    assert one.raw == b"Subject: one\nStatus: RO\n\nHi\nFrom here\n"
    assert two_.raw.endswith(b"\n\nFrom here on\n")
    assert one.received == datetime(2026, 11, 23, 10, tzinfo=UTC)
    assert (one.unread, two_.unread) == (False, True)


def test_a_packed_mbox_and_one_larger_than_a_chunk(tmp_path: Path) -> None:
    path = tmp_path / "mail.gz"
    path.write_bytes(gzip.compress((MBOX + "x" * 2_000 + "\n").encode() * 2_000))

    mails = list(mbox.read(path))

    assert len(mails) == 4_000
    assert len({mail.key for mail in mails}) == 4_000


def test_a_maildir_tells_flags_and_skips_trash(tmp_path: Path) -> None:
    for folder, name in (
        ("cur", "1700000000.a:2,S"),
        ("cur", "1700000001.b:2,"),
        ("cur", "1700000002.c:2,ST"),
        ("new", "1700000003.d"),
    ):
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / name).write_text("Subject: x\n\n")

    mails = list(mbox.read(tmp_path))

    assert [(mail.key, mail.unread) for mail in mails] == [
        ("1700000000.a", False),
        ("1700000001.b", True),
        ("1700000003.d", True),
    ]


def test_a_folder_of_eml_files_is_read_in_order(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    for name in ("b.eml", "a.EML", "sub/c.eml", "note.txt"):
        (tmp_path / name).write_text("Subject: x\n\n")

    assert [mail.key for mail in mbox.read(tmp_path)] == ["a.EML", "b.eml", "sub/c.eml"]


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("none", None, "no mail at"),
        ("empty", b"", "empty"),
        ("picture.png", b"\x89PNG\r\n\x1a\n\x00\x00", "not an mbox"),
        ("cut.gz", gzip.compress(MBOX.encode() * 100)[:-20], "middle of its compressed data"),
        ("bad.gz", b"\x1f\x8bnonsense", "cannot be read"),
    ],
)
def test_what_is_no_mail_is_refused_in_one_sentence(tmp_path: Path, name: str, data: bytes | None, says: str) -> None:
    if data is not None:
        (tmp_path / name).write_bytes(data)

    with pytest.raises(NeedsPerson, match=says):
        list(mbox.read(tmp_path / name))


def test_a_folder_without_mail_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NeedsPerson, match="holds no mail"):
        list(mbox.read(tmp_path))
