"""Threads as a test writes them: one line a message, five minutes apart, from Monday, 9 March 2026, 09:00 UTC."""

from datetime import UTC, datetime, timedelta

from graphs.domain import (
    Address,
    Attachment,
    Channel,
    Finding,
    MailFacts,
    MailSource,
    Message,
    Party,
    Person,
    Quoted,
    Reaction,
    SlackFacts,
    SlackSource,
    Thread,
)
from graphs.rules.judge import judge

MONDAY = datetime(2026, 3, 9, 9, 0, tzinfo=UTC)
ADA = Person(
    key="UADA", name="Ada Lovelace", short_names=("Ada",), addresses=("ada@house.example",), zone="Europe/Berlin"
)
PEOPLE = {
    person.key: person
    for person in (
        ADA,
        Person(
            key="UBOB", name="Bob Marsh", short_names=("Bob",), addresses=("bob@house.example",), zone="Europe/Berlin"
        ),
        Person(
            key="UPRI",
            name="Priya Nair",
            short_names=("Priya",),
            addresses=("priya@house.example",),
            zone="Europe/Berlin",
        ),
        Person(
            key="UTOM", name="Tom Vale", short_names=("Tom",), addresses=("tom@house.example",), zone="Europe/Berlin"
        ),
        Person(key="UBOT", name="Deploybot", role="bot"),
        Person(
            key="wade@farm.example",
            name="Wade Olsen",
            short_names=("Wade",),
            addresses=("wade@farm.example",),
            role="outside",
        ),
    )
}
KEYS = {"ada": "UADA", "bob": "UBOB", "priya": "UPRI", "tom": "UTOM", "deploybot": "UBOT", "wade": "wade@farm.example"}


def said(
    line: str,
    at: datetime = MONDAY,
    place: str = "C1",
    parent: str = "",
    reactions: tuple[Reaction, ...] = (),
    files: tuple[str, ...] = (),
    thread: str = "",
) -> Message:
    """One Slack message: "priya: @Ada can you look?"."""
    who, _, text = line.partition(": ")
    ts = f"{at.timestamp():.6f}"
    return Message(
        scope=f"channel:{place}",
        source=SlackSource(channel=place, ts=ts),
        thread=thread or parent or ts,
        author=Party(key=KEYS[who], name=PEOPLE[KEYS[who]].name, kind="bot" if who == "deploybot" else "member"),
        sent_at=at,
        text=Quoted(text=text),
        mentions=tuple(key for name, key in KEYS.items() if f"@{name}" in text.casefold()),
        slack=SlackFacts(
            parent_ts=parent, reactions=reactions, files=tuple(Attachment(name=f, media_type="x/y") for f in files)
        ),
    )


def spoken(lines: tuple[str, ...], place: str, threaded: bool) -> list[Message]:
    """Lines may begin with "+3h " or "+2d ", a pause before them, and end with " [tick ada]", a reaction."""
    at, parent, found = MONDAY, "", []
    for number, whole in enumerate(lines):
        line, pause = whole, timedelta(minutes=5)
        if line.startswith("+"):
            wait, _, line = line[1:].partition(" ")
            pause = timedelta(**{{"h": "hours", "d": "days", "m": "minutes"}[wait[-1]]: int(wait[:-1])})
        at = at + pause if number else at
        reactions: tuple[Reaction, ...] = ()
        files: tuple[str, ...] = ()
        if line.endswith("]") and " [" in line:
            line, _, marks = line[:-1].rpartition(" [")
            name, _, rest = marks.partition(" ")
            if name == "file":
                files = (rest,)
            else:
                reactions = (Reaction(name=name, users=tuple(KEYS[who] for who in rest.split())),)
        message = said(line, at, place, parent if threaded else "", reactions, files)
        parent = parent or str(getattr(message.source, "ts", ""))
        found.append(message)
    return found


def channel(*lines: str, threaded: bool = False) -> Thread:
    """Messages in #ops: one after the other, or as one thread."""
    messages = spoken(lines, "C1", threaded)
    place = Channel(id="C1", name="ops", members=("UADA", "UBOB", "UPRI", "UTOM"))
    return Thread(
        scope="channel:C1", key="run:x", medium="slack", title="#ops", channel=place, messages=tuple(messages)
    )


def thread(*lines: str) -> Thread:
    return channel(*lines, threaded=True)


def dm(*lines: str) -> Thread:
    """A DM of Ada with whoever speaks."""
    messages = spoken(lines, "D1", threaded=False)
    others = {m.author.key for m in messages} - {"UADA"} or {"UPRI"}
    place = Channel(id="D1", name="dm", kind="dm", members=("UADA", *sorted(others)))
    return Thread(
        scope="channel:D1", key="run:y", medium="slack", title="Priya", channel=place, messages=tuple(messages)
    )


def mail(
    who: str, to: str, text: str, at: datetime = MONDAY, cc: str = "", attached: str = "", **facts: object
) -> Message:
    def addresses(names: str) -> tuple[Address, ...]:
        return tuple(Address(name=PEOPLE[KEYS[n]].name, address=PEOPLE[KEYS[n]].addresses[0]) for n in names.split())

    person = PEOPLE[KEYS[who]]
    message_id = f"<{at.timestamp():.0f}.{who}@x.example>"
    return Message(
        scope="account:ada@house.example",
        source=MailSource(account="ada@house.example", message_id=message_id),
        thread="t",
        author=Party(key=person.key, name=person.name, address=person.addresses[0]),
        sent_at=at,
        text=Quoted(text=text),
        mail=MailFacts.model_validate(
            {
                "mailbox": "sent" if who == "ada" else "inbox",
                "message_id": message_id,
                "subject": "Plan",
                "sender": Address(name=person.name, address=person.addresses[0]),
                "to": addresses(to),
                "cc": addresses(cc),
                "attachments": (Attachment(name=attached, media_type="application/pdf"),) if attached else (),
                **facts,
            }
        ),
    )


def mails(*messages: Message) -> Thread:
    """A mail thread; each mail is a day after the one before unless it has its own time."""
    dated = [
        m if m.sent_at != MONDAY else m.model_copy(update={"sent_at": MONDAY + timedelta(days=i)})
        for i, m in enumerate(messages)
    ]
    return Thread(scope="account:ada@house.example", key="t", medium="mail", title="Plan", messages=tuple(dated))


def for_ada(thread: Thread, after: timedelta = timedelta(hours=16)) -> list[Finding]:
    """What Ada has unfinished that much after the last message."""
    return judge(thread, ADA, PEOPLE, thread.messages[-1].sent_at + after)
