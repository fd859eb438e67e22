"""The local page over HTTP, without script: nobody but the holder of its address gets in, and every form does what it says."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Event
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from bot.embedded.imap import MailServer, mail_server
from bot.embedded.slack import Sandbox, User
from bot.web import server
from bot.web.stage import Night, Question, Stage, Tell
from graphs.errors import NeedsPerson
from tests.servers.company import desk_over, mail
from tests.servers.postgres import Database
from tests.servers.slack import BUTTONS, Clock

ADA = "ada@night.example"
BEN = "ben@night.example"
AT = datetime(2026, 11, 18, 10, tzinfo=UTC)
LONG = "x" * (server.MOST_BODY + 1)


@dataclass
class Page:
    """The page, and a browser that was let in."""

    address: str
    browser: httpx.Client
    slack: Sandbox
    mail: MailServer
    stage: Stage

    @property
    def origin(self) -> str:
        return f"http://{urlsplit(self.address).netloc}"

    @property
    def token(self) -> str:
        return parse_qs(urlsplit(self.address).query)["token"][0]

    def read(self, path: str) -> str:
        answer = self.browser.get(path)
        assert answer.status_code == 200, answer.text
        return answer.text

    def send(self, path: str, **form: str | list[str]) -> httpx.Response:
        return self.browser.post(path, data=form, headers={"origin": self.origin, "referer": f"{self.origin}/ada/home"})


@pytest.fixture
def page(database: Database, slack: Sandbox, slack_clock: Clock) -> Iterator[Page]:
    with opened(database, slack, slack_clock, lambda tell: None) as made:
        yield made


@contextmanager
def opened(database: Database, slack: Sandbox, clock: Clock, sleep: Callable[[Tell], None]) -> Iterator[Page]:
    with desk_over(database) as desk, mail_server({ADA: "a", BEN: "b"}) as box:
        stage = Stage(
            slack, box, {"ada": ADA, "ben": BEN}, desk, lambda: datetime.fromtimestamp(clock.now, UTC),
            Night(sleep), "All of it is invented.", lambda: None, [Question("ada", "general", "@nightdesk When?")],
            [("Add to my list", "add_to_my_list")],
        )  # fmt: skip
        with server.running(stage) as address:
            with httpx.Client(base_url=f"http://{urlsplit(address).netloc}", follow_redirects=True) as browser:
                assert browser.get(address).status_code == 200
                yield Page(address, browser, slack, box, stage)


# --- who gets in ----------------------------------------------------------------------------------


def test_the_address_lets_in_and_its_token_leaves_the_address_bar(page: Page) -> None:
    answer = page.browser.get(page.address)
    assert answer.status_code == 200
    assert "token" not in str(answer.url)
    [cookie] = page.browser.cookies.jar
    assert cookie.value == page.token
    assert cookie.has_nonstandard_attr("HttpOnly")


def test_without_the_token_nothing_is_shown_and_nothing_is_done(page: Page) -> None:
    before = len(page.slack.messages("general"))
    with httpx.Client(base_url=page.origin) as stranger:
        for path in ("/", "/ada", "/ada/c/general", "/ada/mail/INBOX", "/changes", "/static/page.js", "/?token=wrong"):
            assert stranger.get(path).status_code == 401, path
        said = stranger.post("/ada/say", data={"channel": "general", "text": "hi"}, headers={"origin": page.origin})
    assert said.status_code == 401
    assert len(page.slack.messages("general")) == before


def test_another_site_cannot_act_even_with_the_persons_cookie(page: Page) -> None:
    before = len(page.slack.messages("general"))
    for headers in ({"origin": "https://evil.example"}, {"origin": "null"}, {}):
        answer = page.browser.post("/ada/say", data={"channel": "general", "text": "hi"}, headers=headers)
        assert answer.status_code == 403
    assert len(page.slack.messages("general")) == before
    assert page.send("/ada/say", channel="general", text="hi").status_code == 200
    assert len(page.slack.messages("general")) == before + 1


def test_another_name_for_this_machine_is_refused(page: Page) -> None:
    assert page.browser.get("/ada", headers={"host": "evil.example"}).status_code == 421
    assert page.browser.get("/ada", headers={"host": f"evil.example:{urlsplit(page.address).port}"}).status_code == 421


def test_every_answer_forbids_foreign_code_frames_and_memory(page: Page) -> None:
    for path in ("/ada", "/static/page.css", "/nobody", "/ada/c/none"):
        headers = page.browser.get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'")
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"


def test_nothing_on_the_page_is_loaded_from_elsewhere_or_runs_in_line(page: Page) -> None:
    html = page.read("/ada")
    assert 'src="http' not in html
    assert "<style" not in html
    assert " style=" not in html
    assert " onclick" not in html


def test_what_is_too_long_or_unknown_is_refused_with_a_sentence(page: Page) -> None:
    assert page.send("/ada/say", channel="general", text=LONG).status_code == 413
    assert page.send("/ada/fly", channel="general").status_code == 404
    assert page.send("/nobody/say", channel="general", text="hi").status_code == 404
    assert page.browser.get("/ada/c/nowhere").status_code == 404


# --- what is seen ---------------------------------------------------------------------------------


def test_a_person_sees_what_they_may_see_and_nothing_else(page: Page) -> None:
    page.slack.say("ben", "plans", "the secret plan")
    assert "the secret plan" in page.read("/ben/c/" + page.slack.company.room("plans").channel.id)
    refused = page.browser.get("/cleo/c/" + page.slack.company.room("plans").channel.id)
    assert refused.status_code == 404
    assert "the secret plan" not in refused.text


def test_what_somebody_wrote_is_text_and_no_page(page: Page) -> None:
    page.slack.say("ben", "general", "&lt;script&gt;alert(1)&lt;/script&gt; <script>alert(2)</script>")
    html = page.read("/ada/c/" + page.slack.company.room("general").channel.id)
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)" in html


def test_typed_mentions_and_channels_become_slacks_own(page: Page) -> None:
    page.send("/ada/say", channel="general", text="@nightdesk and @ben: <b> in #general? mail a@ben.example")
    said = page.slack.messages("general")[-1]["text"]
    assert said.startswith("<@U0NIGHTDESK> and <@U0BEN>: &lt;b&gt; in <#")
    assert said.endswith("mail a@ben.example")


def test_only_people_are_counted_as_people(page: Page) -> None:
    room = page.slack.company.room("general")
    page.slack.add_user(User(id="U0DEPLOYS", name="deploys", is_bot=True))
    page.slack.join("deploys", "general")
    count = len(room.members) - 2
    assert page.slack.company.bot.id in room.members and "U0DEPLOYS" in room.members
    assert f"{count} people · " in page.read("/ada/c/" + room.channel.id)


def test_a_private_channel_is_named_to_its_members_alone(page: Page) -> None:
    plans = page.slack.company.room("plans").channel.id
    general = "/c/" + page.slack.company.room("general").channel.id
    page.slack.say("ada", "general", f"see <#{plans}>, and <#{plans}|plans> again")
    said = '<span class="mention">{0}</span>, and <span class="mention">{0}</span> again'
    assert said.format("#plans") in page.read("/ada" + general)
    assert said.format("a private channel") in page.read("/cleo" + general)


# --- what is pressed ------------------------------------------------------------------------------


def test_a_press_reaches_the_app_and_one_of_what_is_not_shown_is_refused(page: Page) -> None:
    place = page.slack.dm("ada")
    with page.slack.company.lock:
        bot = page.slack.company.bot
        posted = {
            "type": "message",
            "user": bot.id,
            "bot_id": bot.bot_id,
            "ts": page.slack.company.now_ts(),
            "text": "x",
        }
        named = [block | {"block_id": f"b{n}"} for n, block in enumerate(BUTTONS)]
        page.slack.company.put(place, posted | {"blocks": named})
    html = page.read("/ada")
    assert 'name="action" value="done"' in html
    assert 'value="tomorrow"' in html
    assert (
        page.send("/ada/press", channel=place, ts=posted["ts"], action="snooze", option="tomorrow").status_code == 200
    )
    refused = page.send("/ada/press", channel=place, ts=posted["ts"], action="other")
    assert refused.status_code == 409
    assert "other" in refused.text
    assert page.send("/ben/press", channel=place, ts=posted["ts"], action="done").status_code == 409


def test_the_mailbox_shows_a_draft_which_may_be_edited_and_sent(page: Page) -> None:
    page.mail.deliver(ADA, mail(f"Ben <{BEN}>", ADA, "Friday?", "Can you come?", AT), AT)
    draft = mail(f"Ada <{ADA}>", f"Ben <{BEN}>", "Re: Friday?", "Yes, at ten.\n", AT, In_Reply_To="<1@night.example>")
    uid = page.mail.deliver(ADA, draft, AT, "Drafts")
    assert "Yes, at ten." in page.read(f"/ada/mail/Drafts?uid={uid}")

    saved = page.send("/ada/mail", do="save", folder="Drafts", uid=str(uid), body="Yes, at eleven.\r\n")
    assert "Yes, at eleven." in saved.text
    [kept] = page.mail.mails(ADA, "Drafts")
    assert b"In-Reply-To: <1@night.example>" in kept.raw

    page.send("/ada/mail", do="send", folder="Drafts", uid=str(kept.uid), body="Yes, at eleven.\r\n")
    assert page.mail.mails(ADA, "Drafts") == []
    assert b"Yes, at eleven." in page.mail.mails(ADA, "Sent")[0].raw
    assert b"Yes, at eleven." in page.mail.mails(BEN, "INBOX")[0].raw


def test_an_untouched_draft_is_sent_as_it_lies_there(page: Page) -> None:
    draft = mail(f"Ada <{ADA}>", "x@out.example", "Re: Friday?", "Yes, at ten.\n", AT)
    uid = page.mail.deliver(ADA, draft, AT, "Drafts")
    page.send("/ada/mail", do="send", folder="Drafts", uid=str(uid), body="Yes, at ten.\r\n")
    assert page.mail.mails(ADA, "Sent")[0].raw == draft


def test_a_delivered_mail_arrives_and_is_answered_in_its_thread(page: Page) -> None:
    given = {
        "do": "deliver",
        "folder": "INBOX",
        "name": "Dora",
        "from": "dora@out.example",
        "subject": "Price?\nBcc: x@y.z",
    }
    page.send("/ada/mail", **given, body="What is the price?")
    [kept] = page.mail.mails(ADA, "INBOX")
    assert b"\nBcc:" not in kept.raw
    html = page.read(f"/ada/mail/INBOX?uid={kept.uid}")
    assert "What is the price?" in html
    page.send("/ada/mail", do="reply", folder="INBOX", uid=str(kept.uid), body="Ten.")
    [sent] = page.mail.mails(ADA, "Sent")
    assert b"To: dora@out.example" in sent.raw
    assert b"\nIn-Reply-To:" in sent.raw


def test_nobody_looks_into_the_mailbox_of_somebody_else(page: Page) -> None:
    page.mail.deliver(ADA, mail(f"Ben <{BEN}>", ADA, "Friday?", "Can you come?", AT), AT)
    assert "Friday?" not in page.read("/ben/mail/INBOX")
    assert page.browser.get("/cleo/mail/INBOX").status_code == 404


# --- what changes ---------------------------------------------------------------------------------


def test_an_open_page_is_told_when_somebody_writes(page: Page) -> None:
    with page.browser.stream("GET", "/changes", timeout=10) as answer:
        told = answer.iter_lines()
        assert next(told) == "retry: 1000"
        page.slack.say("ben", "general", "hello")
        assert "data: changed" in (line for line in told)


def test_one_night_at_a_time_and_its_failure_is_told(database: Database, slack: Sandbox, slack_clock: Clock) -> None:
    begun, go_on = Event(), Event()

    def sleep(tell: Tell) -> None:
        tell("Reading …")
        begun.set()
        assert go_on.wait(10)
        raise NeedsPerson("The mailbox is full.")

    with opened(database, slack, slack_clock, sleep) as page:
        page.send("/night")
        assert begun.wait(10)
        assert "Reading …" in page.read("/ada")
        assert page.stage.night.begin() is False
        with page.browser.stream("GET", "/changes", timeout=10) as answer:
            told = answer.iter_lines()
            go_on.set()
            while page.stage.night.is_busy:
                next(told)
        assert "The mailbox is full." in page.read("/ada")
