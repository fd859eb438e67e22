"""How messages are shown: to a model as what an answer may stand on, to people as links below it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bot.audience import Place
from bot.desk import Desk
from bot.store import messages, people
from graphs.citing import Passage
from graphs.conversations import name_of
from graphs.digest_value import ItemLink, day_words
from graphs.domain import Message, Person, Quoted, SlackSource, Source
from graphs.life import source_key
from graphs.links import source_link
from graphs.rules import outsiders
from graphs.rules.outsiders import Company


def links(desk: Desk, here: Place, citations: Sequence[Source]) -> list[ItemLink]:
    """What an answer cites, with an address that every reader of the place may open."""
    if here.begin is None or not citations:
        return []
    with here.begin() as tx:
        workspace = people.workspace(tx) or {"team": "", "domain": ""}
        places = {p.key: p for p in people.places(tx).values()}
        names = people.by_key(people.everybody(tx))
        found = messages.by_sources(tx, citations)
        webmail = desk.webmail(tx)
    team_url = f"https://{workspace['domain']}.slack.com" if workspace["domain"] else None
    made = []
    for source in citations:
        message = found.get(source_key(source))
        if message is not None:
            said = _passage(message, places, names, message.text.text)
            thread = message.thread if isinstance(source, SlackSource) else ""
            url = source_link(source, team_url, team=workspace["team"], thread_ts=thread, webmail=webmail(source))
            made.append(ItemLink(label=f"{said.label}, {said.said_by}, {day_words(said.said_at.date())}", url=url))
    return made


def _passage(
    message: Message,
    places: Mapping[str, people.Place],
    names: Mapping[str, Person],
    text: str,
    standing: outsiders.Standing = "",
) -> Passage:
    held = places.get(message.scope)
    label = (
        f"#{held.name}" if held and held.channel and held.channel.kind in ("public", "private") else "a direct message"
    )
    if message.mail is not None:
        label = f"mail “{message.mail.subject}”"
    return Passage(
        source=message.source,
        label=label,
        said_by=name_of(message, names),
        said_at=message.sent_at,
        text=Quoted(text=text),
        standing=standing,
    )


@dataclass(frozen=True)
class Telling:
    """How messages are shown as what an answer to one question may stand on."""

    places: dict[str, people.Place]
    names: Mapping[str, Person]
    company: Callable[[], Company]  # asked only where a mail is judged
    question: str
    by_night: bool

    def source(self, message: Message) -> Passage | None:
        """The message without orders; None for mail that is not to be answered from, and for what says nothing else."""
        company = self.company() if message.mail is not None else Company(frozenset())
        stands = outsiders.standing(message, company)
        if stands == "suspicious" and not outsiders.is_asked_about(self.question, message):
            return None
        if self.by_night and not outsiders.is_for_a_night(message, company, self._owner(message)):
            return None
        outside = stands != "" or message.author.kind == "bot"
        said = outsiders.without_orders(message.text.text, outside)
        return _passage(message, self.places, self.names, said, stands) if said else None

    def _owner(self, message: Message) -> Person:
        held = self.places.get(message.scope)
        owner = held and self.names.get(held.owner or "")
        if not held or not owner:
            return Person(key="", name="")
        return owner.model_copy(update={"addresses": (*owner.addresses, *held.aliases)})
