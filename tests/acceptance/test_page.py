"""The sandbox's page in Chromium, as Mira uses it: one night, its digest, every kind of button, an errand, her mail."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from bot import app, demo, sandbox, settings
from bot.embedded.imap import MailServer
from bot.sandbox import Living
from bot.web import server
from tests.servers.chromium import chromium, need_chromium
from tests.servers.company import MIRA

WAIT = 20_000  # milliseconds for what workers do on a busy machine
NIGHT = 120_000
WIDE, PHONE = (1280, 860), (390, 844)


@dataclass(frozen=True)
class Served:
    """The page over the demo company, the evening before its night."""

    living: Living
    mail: MailServer
    address: str
    browser: Browser

    def open(self, size: tuple[int, int] = WIDE, dark: bool = False) -> Page:
        context = self.browser.new_context(
            viewport={"width": size[0], "height": size[1]}, color_scheme="dark" if dark else "light"
        )
        page = context.new_page()
        page.set_default_timeout(WAIT)
        page.goto(self.address)
        return page


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    need_chromium()
    home = tmp_path_factory.mktemp("page")
    clock = sandbox.Clock(demo.WAKES - demo.CONNECTED)
    with (
        demo.recorded(settings.load(home, {}), rules=False) as said,
        demo.company() as (export, mails),
        app.database(said, home, durable=False) as held,
        sandbox.mail(mails) as mail,
        sandbox.living(said, held, export, sandbox.boxes(mail), clock, recorded=True) as living,
        server.running(demo.stage(living, mail, demo.REPLAYED)) as address,
        chromium() as browser,
    ):
        yield Served(living, mail, address, browser)


def go(page: Page, place: str) -> Locator:
    """Follows a link of the side bar; what is shown then."""
    page.get_by_role("navigation", name="Places").get_by_role("link", name=place, exact=True).first.click()
    return page.get_by_role("main")


def in_drafts(page: Page) -> Locator:
    page.get_by_role("navigation", name="Places").get_by_role("link", name=re.compile("Drafts")).click()
    return page.locator(".letters li a")


def say(page: Page, label: str, text: str) -> None:
    page.get_by_label(label, exact=True).fill(text)
    page.get_by_label(label, exact=True).press("Enter")


def thread_of(page: Page, message: Locator) -> Locator:
    """Opens the replies below a message as soon as there is one."""
    message.locator("a.replies").click()
    return page.get_by_role("complementary", name="Thread")


def done(main: Locator, outcome: str) -> Locator:
    return main.locator(".context", has_text=re.compile(f"✓ {outcome}"))


@pytest.mark.timeout(300)  # a night, a day and twenty pictures, on a busy machine
def test_a_day_on_the_page(served: Served, tmp_path: Path) -> None:
    """One after the other, as one person does it: each part finds what the one before left."""
    page = served.open()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda told: problems.append(told.text) if told.type == "error" else None)

    sleeps_and_reads(page)
    presses_every_kind_of_button(page)
    asks_and_follows_up(page)
    shares_what_only_she_was_told(page)
    hands_over_an_errand(page)
    looks_at_home_and_at_what_was_learned(page)
    edits_and_sends_a_draft(page, served)
    assert problems == []
    pictures(served, tmp_path)
    menus_fit_on_a_phone(served)


def sleeps_and_reads(page: Page) -> None:
    expect(page.locator(".disclosure")).to_contain_text("nothing leaves this machine")
    page.get_by_role("button", name="Sleep until morning").click()
    expect(page.locator(".night.busy")).to_be_visible()
    expect(page.get_by_role("button", name="Sleep until morning")).to_be_visible(timeout=NIGHT)
    main = page.get_by_role("main")
    for words in ("need you", "Needs you today", "Drafts ready", "more in the thread"):
        expect(main.get_by_text(words).first).to_be_attached()


def presses_every_kind_of_button(page: Page) -> None:
    main = page.get_by_role("main")
    digest = main.locator("li.message").last
    main.get_by_role("button", name="Done:").first.click()
    expect(done(main, "Done")).to_have_count(1)

    main.get_by_label(re.compile("^Snooze")).first.click()
    main.get_by_role("button", name="Tomorrow").click()
    expect(done(main, "Snoozed until Wed 25 Nov")).to_have_count(1)

    main.get_by_label(re.compile("^Snooze")).first.click()
    main.get_by_role("button", name="Pick a day").click()
    modal = page.get_by_role("dialog")
    modal.locator("input[type=date]").fill("2026-11-30")
    modal.locator("button.primary").click()
    expect(modal).to_have_count(0)
    expect(done(main, "Snoozed until Mon 30 Nov")).to_have_count(1)

    main.get_by_label(re.compile("^More: ")).first.click()
    main.get_by_role("button", name="Why this?").click()
    expect(page.get_by_text("It stands in the thread of this message.")).to_be_visible()

    thread = thread_of(page, digest)
    before = thread.locator("li.message").count()
    main.get_by_label(re.compile("^More: ")).last.click()
    main.get_by_role("button", name="Why this?").click()
    expect(thread.locator("li.message")).to_have_count(before + 1)

    main.get_by_role("button", name="Preview").first.click()
    expect(thread.get_by_text("It lies in your Drafts mailbox.")).to_have_count(1)
    main.get_by_label(re.compile("^Redo")).first.click()
    for wish in ("Shorter", "Warmer", "Decline", "Ask instead"):
        expect(main.get_by_role("button", name=wish)).to_be_visible()
    page.keyboard.press("Escape")
    expect(main.get_by_role("button", name="Shorter")).to_be_hidden()
    main.get_by_role("button", name="Discard").first.click()
    expect(done(main, "Discarded")).to_have_count(1)


def asks_and_follows_up(page: Page) -> None:
    main = go(page, "general")
    say(page, "Message #general", "@nightdesk When does Sprig 2 ship?")
    thread = thread_of(page, main.locator("li.message", has_text="When does Sprig 2 ship?").last)
    expect(thread.get_by_text("14 December").first).to_be_visible()
    say(page, "Reply in the thread", "And which lid goes on the fair sample?")
    expect(thread.locator("li.message", has_text="Nightdesk").filter(has_text=re.compile("moss", re.I))).to_have_count(
        1
    )
    thread.get_by_role("link", name="Close the thread").click()


def shares_what_only_she_was_told(page: Page) -> None:
    main = go(page, "general")
    say(page, "Message #general", "@nightdesk Which hotel was it in Essen, the one with the goose?")
    thread = thread_of(page, main.locator("li.message", has_text="Which hotel was it").last)
    expect(thread.get_by_text("Not everybody here may read its source")).to_be_visible()
    thread.get_by_role("button", name="Share here").click()
    expect(thread.get_by_text("Shared by Mira")).to_be_visible()
    thread.get_by_role("link", name="Close the thread").click()


def hands_over_an_errand(page: Page) -> None:
    main = go(page, "general")
    say(page, "Message #general", "@nightdesk overnight: compare the offers for the carrier")
    thread = thread_of(page, main.locator("li.message", has_text="overnight: compare").last)
    expect(thread.get_by_text("An errand for the night")).to_be_visible()
    expect(thread.get_by_role("button", name="Start now")).to_be_visible()


def looks_at_home_and_at_what_was_learned(page: Page) -> None:
    main = go(page, "Home")
    expect(main.get_by_text("What goes where")).to_be_attached()
    expect(main.get_by_text(MIRA, exact=True)).to_be_attached()
    main = go(page, "What the night learned")
    expect(main.get_by_text("Not drafted, and why")).to_be_attached()
    expect(main.locator(".receipt").first).to_be_attached()


def edits_and_sends_a_draft(page: Page, served: Served) -> None:
    sent = len(served.mail.mails(MIRA, "Sent"))
    letters = in_drafts(page)
    before = letters.count()
    letters.first.click()
    text = page.get_by_label("Text")
    text.fill("Tomorrow at ten.\n\n" + text.input_value())
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".letter-preview", has_text="Tomorrow at ten.")).to_be_visible()
    in_drafts(page).filter(has_text="Tomorrow at ten.").click()
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator(".letters li a")).to_have_count(before - 1)
    kept = served.mail.mails(MIRA, "Sent")
    assert len(kept) == sent + 1
    assert b"Tomorrow at ten." in kept[-1].raw


def pictures(served: Served, folder: Path) -> None:
    """Light and dark, wide and narrow: nothing is wider than the screen. The pictures stay with the test's files."""
    for size in (WIDE, PHONE):
        for dark in (False, True):
            page = served.open(size, dark)
            for path in ("/mira", "/mira/home", "/mira/night", "/mira/mail/Drafts"):
                page.goto(served.address.partition("/?")[0] + path)
                name = f"{path.strip('/').replace('/', '-')}-{size[0]}-{'dark' if dark else 'light'}.png"
                page.screenshot(path=folder / name)
                assert page.evaluate("document.documentElement.scrollWidth") <= size[0], name
            page.context.close()


def menus_fit_on_a_phone(served: Served) -> None:
    """Each choice of a menu stands on a line of its own, within the screen."""
    page = served.open(PHONE)
    for path, names in (
        ("/mira", ("^Snooze", "^Redo", "^More: ")),
        ("/mira/home", ("^Mails that need me", "^As in Slack")),
    ):
        page.goto(served.address.partition("/?")[0] + path)
        for name in names:
            page.get_by_role("main").get_by_label(re.compile(name)).first.click()
            boxes = [one.bounding_box() for one in page.locator(".menu[open] .choices button").all()]
            page.keyboard.press("Escape")
            assert boxes and all(box and box["x"] >= 0 and box["x"] + box["width"] <= PHONE[0] for box in boxes), name
            assert len({round(box["y"]) for box in boxes if box}) == len(boxes), name
            assert all(box and box["height"] < 70 for box in boxes), name
    days = page.locator(".boxes fieldset").bounding_box()
    assert days and days["width"] > 250
    page.context.close()
