"""A draft goes only to whom the thread already knows, and says nothing but what it was given."""

import email
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from email import policy
from email.message import EmailMessage
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.mail.compose import Recipients, Reply, compose, recipients
from graphs.domain import Address, MailFacts, MailSource, Message, Party, Quoted

OWN = frozenset({"bob@example.com", "sales@example.com"})
ADA = Address(name="Ada Löv", address="ada@example.org")
BOB = Address(name="Bob", address="bob@example.com")
EVE = Address(name="", address="eve@example.net")


def original(text: str = "Can you come on Friday?", **change: Any) -> Message:
    facts: dict[str, Any] = {
        "mailbox": "inbox", "message_id": "<1@example.org>", "sender": ADA, "to": (BOB,), "cc": (EVE,), "subject": "Friday",
    } | change  # fmt: skip
    mail = MailFacts(**facts)
    return Message(
        scope="account:bob@example.com", source=MailSource(account="bob@example.com", message_id=mail.message_id), thread="<1@example.org>",
        author=Party(key=mail.sender.address, name=mail.sender.name), sent_at=datetime(2026, 11, 23, 9, tzinfo=UTC), text=Quoted(text=text), mail=mail,
    )  # fmt: skip


def reply(to: Message | None = None, **change: Any) -> Reply:
    plain = Reply(
        original=to or original(), own=OWN, name="Bob Babbage", body="Yes, at ten.", message_id="<abc.1@nightdesk.example.com>",
        date=datetime(2026, 11, 24, 3, tzinfo=timezone(timedelta(hours=1))),
    )  # fmt: skip
    return replace(plain, **change)


def draft(given: Reply) -> EmailMessage:
    return email.message_from_bytes(compose(given), policy=policy.default)


def body(message: EmailMessage, kind: str = "plain") -> str:
    part = message.get_body((kind,))
    assert part is not None
    return cast(str, part.get_content()).replace("\r\n", "\n")


def test_a_reply_is_threaded_and_addressed() -> None:
    message = draft(reply())

    assert message["To"] == "Ada Löv <ada@example.org>"
    assert message["Cc"] == "eve@example.net"
    assert message["From"] == "Bob Babbage <bob@example.com>"
    assert message["Subject"] == "Re: Friday"
    assert message["In-Reply-To"] == message["References"] == "<1@example.org>"
    assert message["Message-ID"] == "<abc.1@nightdesk.example.com>"
    assert message["Bcc"] is None
    assert body(message).strip() == "Yes, at ten."


def test_the_same_arguments_give_the_same_bytes() -> None:
    rich = reply(original(has_html=True), quote=True)

    assert compose(rich) == compose(rich)


@pytest.mark.parametrize("subject", ["Friday", "Re: Friday", "AW: RE: Friday", "Re[3]: Friday"])
def test_a_subject_has_one_re(subject: str) -> None:
    assert draft(reply(original(subject=subject)))["Subject"] == "Re: Friday"


def test_the_whole_chain_is_kept_and_a_long_one_by_its_ends() -> None:
    short = draft(reply(original(references=("<a@x>", "<b@x>"), in_reply_to="<b@x>")))
    long = draft(reply(original(references=tuple(f"<{n}@x>" for n in range(100)))))

    assert short["References"].split() == ["<a@x>", "<b@x>", "<1@example.org>"]
    assert long["References"].split()[:2] == ["<0@x>", "<82@x>"]
    assert long["References"].split()[-1] == "<1@example.org>"


def test_a_mail_that_only_names_what_it_answers_starts_the_chain_with_it() -> None:
    assert draft(reply(original(in_reply_to="<0@x>")))["References"].split() == ["<0@x>", "<1@example.org>"]


def test_reply_to_goes_before_from_and_a_foreign_one_is_flagged() -> None:
    away = recipients(original(reply_to=(EVE,)), OWN)
    home = recipients(original(reply_to=(Address(address="desk@mail.example.org"),)), OWN)

    assert (away.to, away.foreign_reply_to) == ((EVE,), True)
    assert not home.foreign_reply_to


def test_two_shops_of_one_country_are_foreign_to_each_other() -> None:
    sender = Address(address="ada@one.co.uk")

    assert recipients(original(sender=sender, reply_to=(Address(address="x@two.co.uk"),)), OWN).foreign_reply_to


def test_the_alias_that_was_written_to_answers() -> None:
    assert recipients(original(to=(ADA, Address(address="sales@example.com"))), OWN).sender == "sales@example.com"


def test_a_blind_copy_stays_blind() -> None:
    assert recipients(original(to=(EVE,), cc=(), delivered_to=("bob@example.com",)), OWN) == Recipients(
        (ADA,), (), "bob@example.com", False
    )


def test_answering_ones_own_mail_goes_to_whom_it_went() -> None:
    whom = recipients(original(sender=BOB, to=(ADA,), cc=(EVE,)), OWN)

    assert (whom.to, whom.cc) == ((ADA,), (EVE,))


def test_nobody_to_write_to_is_refused() -> None:
    with pytest.raises(ValueError, match="nobody is left"):
        compose(reply(original(sender=BOB, to=(BOB,), cc=())))


@pytest.mark.parametrize(
    ("text", "lead"),
    [
        ("Can you come to the office on Friday?", "On 2026-11-23 at 10:00, Ada Löv wrote:"),
        (
            "Kannst du am Freitag kommen? Bitte bring die Pläne mit und den Preis.",
            "Am 23.11.2026 um 10:00 schrieb Ada Löv:",
        ),
        ("Est-ce que tu viens vendredi avec les plans ? Merci et à bientôt", "Le 23/11/2026 10:00, Ada Löv a écrit :"),
    ],
)
def test_the_original_is_quoted_in_its_language_and_the_readers_zone(text: str, lead: str) -> None:
    assert body(draft(reply(original(text), quote=True))).split("\n")[2:4] == [lead, f"> {text}"]


def test_html_comes_only_where_the_original_has_it() -> None:
    assert draft(reply()).get_content_type() == "text/plain"
    rich = draft(reply(original("<b>&", has_html=True), quote=True, body="a <script> & b"))

    assert rich.get_content_type() == "multipart/alternative"
    assert "a &lt;script&gt; &amp; b" in body(rich, "html")
    assert "&lt;b&gt;&amp;" in body(rich, "html")


def test_the_signature_comes_once() -> None:
    assert body(draft(reply(signature="-- \nBob\nEngines"))).strip() == "Yes, at ten.\n\n-- \nBob\nEngines"
    assert body(draft(reply(body="Yes.\n\nBob\nEngines", signature="Bob\nEngines"))).count("Engines") == 1


@pytest.mark.parametrize("message_id", ["<A@x>", "<a@x>\r\nBcc: eve@x", "a@x", "<a b@x>", ""])
def test_an_id_that_is_not_ours_is_refused(message_id: str) -> None:
    with pytest.raises(ValueError, match="Message-ID"):
        compose(reply(message_id=message_id))


HOSTILE = "x\r\nBcc: evil@example.net\r\n\r\nbody\x00\u2028\x85"


@pytest.mark.parametrize(
    "given",
    [
        reply(name=HOSTILE),
        reply(original(subject=HOSTILE)),
        reply(original(sender=Address(name=HOSTILE, address="ada@example.org"))),
        reply(original(references=(HOSTILE, "<a\r\nBcc:b@x>"))),
        reply(original(message_id="<1@x>\r\nBcc: evil@example.net")),
        reply(original(in_reply_to=HOSTILE)),
        reply(original(cc=(Address(address="a@x\r\nBcc: evil@example.net"),))),
        reply(original(has_html=True), name='"\\', body=HOSTILE, signature=HOSTILE, quote=True),
    ],
)
def test_no_value_can_begin_a_header(given: Reply) -> None:
    raw = compose(given)
    message = draft(given)

    assert message["Bcc"] is None
    assert b"\nBcc" not in raw.partition(b"\r\n\r\n")[0]
    assert set(message.keys()) <= {
        "From", "To", "Cc", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "X-Nightdesk", "MIME-Version",
        "Content-Type", "Content-Transfer-Encoding",
    }  # fmt: skip


def test_every_line_is_short_and_ends_as_mail_does() -> None:
    raw = compose(
        reply(original(subject="ü" * 300, references=tuple(f"<{'r' * 100}{n}@x>" for n in range(40))), body="ß" * 5_000)
    )

    assert max(map(len, raw.split(b"\r\n"))) < 200
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert draft(reply(original(subject="ü" * 300)))["Subject"] == f"Re: {'ü' * 300}"


addresses = st.builds(
    Address,
    name=st.text(max_size=20),
    address=st.sampled_from(
        [
            "ada@example.org",
            "bob@example.com",
            "sales@example.com",
            "eve@example.net",
            "l@lists.example.org",
            "bad\r\n@x",
            "",
        ]
    ),
)
several = st.lists(addresses, max_size=4).map(tuple)


@settings(max_examples=60, deadline=None)
@given(addresses, several, several, several, st.booleans(), st.text(max_size=40), st.text(max_size=40))
def test_recipients_are_always_participants_and_never_the_person(
    sender: Address,
    to: tuple[Address, ...],
    cc: tuple[Address, ...],
    reply_to: tuple[Address, ...],
    listed: bool,
    subject: str,
    text: str,
) -> None:
    message = original(sender=sender, to=to, cc=cc, reply_to=reply_to, list_id="<l>" if listed else "", subject=subject)
    whom = recipients(message, OWN)
    written = [a.address for a in (*whom.to, *whom.cc)]

    assert set(written) <= {a.address for a in (sender, *to, *cc, *reply_to)}
    assert OWN.isdisjoint(written)
    assert len(written) == len(set(written))
    assert whom.sender in OWN
    if whom.to:
        parsed = draft(reply(message, body=text, name=subject))
        named = [a.addr_spec for name in ("To", "Cc") if parsed[name] for a in parsed[name].addresses]
        assert named == written
