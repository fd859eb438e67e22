"""What every part of the day works with: the store, the models, the keys, and the person whose desk it is."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path

from bot.embedding import Embedder
from bot.home import Keys
from bot.settings import RoleSettings
from bot.slack.client import Slack
from bot.store import accounts, choices, messages, people, runs
from bot.store.db import Store, Tx
from bot.store.people import Place
from graphs.domain import MailSource, Message, Nature, Person, Preferences, Source
from graphs.errors import NeedsPerson, NotYet
from graphs.links import WEBMAIL
from graphs.rules.natures import nature
from graphs.rules.outsiders import Company
from graphs.thinking import Chat, Ledger, Thinker

HORIZON = timedelta(days=14)
"""How far back a first connect reaches."""


@dataclass(frozen=True)
class Model:
    """One role's model, ready to be asked. `think` makes a thinker that pays from a ledger."""

    role: RoleSettings
    chat: Chat
    thinker: Callable[[Chat, Ledger], Thinker]
    recorded: bool = False


def check_running(tx: Tx) -> None:
    """As `Desk.check_running`, in whatever transaction comes before the effect."""
    held = people.workspace(tx)
    if held is not None and held["paused"]:
        raise NotYet("Nightdesk is paused: `nightdesk resume` lets it go on.", 30)
    if held is not None and held["problem"]:
        raise NotYet(held["problem"], 300)


def now_utc() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Desk:
    """All that days, nights and mornings need. Built once, by `app`."""

    store: Store
    keys: Keys
    sleep_model: Model | None
    live_model: Model | None
    cap_person_night: Decimal
    cap_workspace_day: Decimal | None
    currency: str
    domains: frozenset[str]
    zone: str | None
    slack: Slack | None = None
    embedder: Embedder | None = None
    now: Callable[[], datetime] = now_utc  # aware
    quarantine: timedelta = timedelta(seconds=120)
    """How long an effect of unknown outcome is left alone: servers finish late."""
    passes: int = 1
    """How many times an answer is made ahead, each time looked up in other words."""
    retention: timedelta | None = timedelta(days=90)
    """How long text is kept that nothing cites; None: for ever."""
    mail_patience: float = 60.0  # seconds of silence after which a mail server counts as gone
    webmail_url: str = ""
    """Where mails are found in a browser, of mailboxes whose host does not tell."""
    mail_ca: Path | None = None  # certificate authorities of mail servers, where the system's do not do

    def require_slack(self) -> Slack:
        if self.slack is None:
            raise NeedsPerson("Slack is not connected: set SLACK_BOT_TOKEN and SLACK_APP_TOKEN.")
        return self.slack

    def webmail(self, tx: Tx) -> Callable[[Source], str]:
        """Where each mail of the audience is found in a browser, as `graphs.links` takes it; '' where nobody knows."""
        hosts = accounts.hosts(tx)

        def where(source: Source) -> str:
            if not isinstance(source, MailSource):
                return ""
            return WEBMAIL.get(hosts.get(source.account, ""), self.webmail_url)

        return where

    def check_running(self) -> None:
        """Before each effect on the outside. Raises `Later` while the workspace is paused, or Slack refuses our token."""
        with self.store.directory() as tx:
            check_running(tx)

    def thinker(self, begin: Callable[[], AbstractContextManager[Tx]], scope: int, night: date) -> Thinker | None:
        """The sleep agent's model, on the account of `scope`; None without a model."""
        if self.sleep_model is None:
            return None
        ledger = runs.ledger(begin, scope, night, self.cap(scope, night), self.sleep_model.role)
        return self.sleep_model.thinker(self.sleep_model.chat, ledger)

    def cap(self, scope: int, night: date) -> Decimal:
        """Money for all that one person, or one place, costs on a date. A workspace-day cap is shared out by head before the
        first of it is spent."""
        if self.cap_workspace_day is None:
            return self.cap_person_night
        with self.store.directory() as tx:
            return runs.share_of(tx, scope, night, self.cap_workspace_day, self.cap_person_night)

    def share_out(self, tx: Tx, night: date) -> None:
        """Fixes the shares of a date when its first night begins."""
        if self.cap_workspace_day is not None:
            runs.share_out(tx, night, self.cap_workspace_day, self.cap_person_night)

    def inside(self, directory: Sequence[people.Known]) -> frozenset[str]:
        """The organisation's mail domains: as set, else those that at least two active members' profiles share."""
        if self.domains:
            return self.domains
        used = Counter(
            domain
            for known in directory
            if known.slack_id and known.person.active and known.person.role == "member"
            for domain in {address.rpartition("@")[2] for address in known.person.addresses}
        )
        return frozenset(d for d, count in used.items() if count > 1 and d not in FREE_MAIL)

    def company(self, directory: Sequence[people.Known]) -> Company:
        """Who belongs here, for judging what a mail claims."""
        colleagues = (known.person for known in directory if known.person.role in ("member", "guest"))
        return Company(self.inside(directory), frozenset(p.name.casefold() for p in colleagues if " " in p.name))


def account_of(desk: Desk, place: Place) -> tuple[runs.Begin, int]:
    """What opens the account that pays for reading a place, and its scope: a mailbox is read on its owner's account; a channel,
    which many read, on its own."""
    if place.owner is None:
        return partial(desk.store.as_scope, place.id), place.id
    with desk.store.directory() as tx:
        owner = next(known for known in people.everybody(tx) if known.person.key == place.owner)
        mine = people.desk_of(tx, place.owner)
    return partial(desk.store.as_person, owner.id), mine


FREE_MAIL = frozenset(
    "gmail.com googlemail.com outlook.com hotmail.com live.com yahoo.com icloud.com me.com gmx.de gmx.net web.de aol.com "
    "proton.me protonmail.com t-online.de mail.com".split()
)


@dataclass(frozen=True)
class Owner:
    """The person whose desk it is, and what they may read now."""

    id: int
    scope: int  # of their own desk: tasks, drafts, digests
    person: Person
    begin: Callable[[], AbstractContextManager[Tx]]
    places: tuple[Place, ...]  # channels and mailboxes they may read
    people: Mapping[str, Person]
    inside: frozenset[str]
    own: frozenset[str]  # their addresses
    hours: Preferences
    correspondents: frozenset[str] = frozenset()  # domains they wrote to
    left_out: frozenset[str] = frozenset()  # threads they never want to hear of, as `choices.thread_item` names them

    @property
    def place_ids(self) -> dict[str, int]:
        return {place.key: place.id for place in self.places}

    @property
    def colleagues(self) -> frozenset[str]:
        """Names that a stranger may borrow."""
        return frozenset(p.name for p in self.people.values() if p.role in ("member", "guest") and " " in p.name)

    def nature(self, mail: Message) -> Nature:
        owner = self.person.model_copy(update={"addresses": tuple(sorted(self.own))})
        return nature(mail, self.inside, owner, self.colleagues, self.correspondents)


def begin_owner(desk: Desk, person: int) -> Owner:
    """The owner as the directory knows them at this moment."""
    with desk.store.directory() as tx:
        directory = people.everybody(tx)
        places = people.places(tx)
        hours = people.preferences(tx, person)
    known = next(one for one in directory if one.id == person)
    begin = partial(desk.store.as_person, person)
    with begin() as tx:
        readable = people.readable(tx)
        correspondents = messages.correspondents(tx, readable)
        mine = next(p.id for p in places.values() if p.kind == "person" and p.owner == known.person.key)
        left_out = frozenset(item for item in choices.choices(tx, mine) if item.startswith("thread/"))
    zone = known.zone or desk.zone or "UTC"
    read = tuple(places[n] for n in readable if places[n].kind in ("channel", "account"))
    return Owner(
        id=person,
        scope=mine,
        person=known.person.model_copy(update={"zone": zone}),
        begin=begin,
        places=read,
        people=people.by_key(directory),
        inside=desk.inside(directory),
        correspondents=correspondents,
        hours=hours,
        left_out=left_out,
        own=frozenset(known.person.addresses).union(*(place.aliases for place in read)),
    )
