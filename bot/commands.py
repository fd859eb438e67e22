"""What the commands do. Each opens what it needs, does one thing, and closes it again."""

import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from bot import app, audience, calendar, home, imports, settings
from bot.desk import Desk, Owner, begin_owner
from bot.embedded import postgres
from bot.store import messages, nights, people
from graphs.domain import Source
from graphs.errors import Later, NeedsPerson, NightdeskError
from graphs.reading import clean


def demo(at: Path | None, once: bool, rules: bool, live: bool, out: Path | None) -> None:
    """The demo company's night, in a fresh home that is removed afterwards, whatever home is set: what is invented must not come
    into it. In a terminal its page stays open, unless `once`."""
    begun = time.monotonic()
    configured = settings.load(at)
    if rules and live:
        raise NeedsPerson("Give --rules, which asks no model, or --live, which asks yours, but not both.")
    if live and configured.sleep is None and configured.live is None:
        raise NeedsPerson("--live asks your own models: set NIGHTDESK_SLEEP_MODEL and NIGHTDESK_LIVE_MODEL first.")
    if out is not None:
        _make(out)
    with home.temporary() as place, _begun(configured, place):
        from rich.console import Console

        from bot import demo as company

        console = Console(width=min(Console().width, 104))
        answers: company.Answers = "rules" if rules else "live" if live else "recorded"
        wish = company.Wish(answers, out, stay=console.is_terminal and not once, begun=begun)
        company.run(configured, place, wish, console)


@contextmanager
def _begun(configured: settings.Settings, place: Path) -> Iterator[None]:
    """The server of the home is made and started beside what the block does; to load the rest takes as long."""
    with ThreadPoolExecutor(1) as beside:
        begun = beside.submit(postgres.start, place / "postgres", binaries=configured.postgres_binaries, durable=False)
        try:
            yield
        finally:
            with suppress(NightdeskError):  # which whoever wanted the server has met as well
                begun.result().stop()


def migrate(at: Path | None) -> None:
    """The embedded database of the home, or the one that DATABASE_OWNER_URL owns."""
    from bot.store.migrate import migrate as bring_up

    configured = settings.load(at)
    place = app.require_home(configured)
    if configured.database_url and not configured.database_owner_url:
        raise NeedsPerson("Set DATABASE_OWNER_URL: the application's role may not change the schema.")
    if configured.database_owner_url:
        ring = home.keys(configured.keys or place / "keys.json")
        role, password = app.role_of(configured.database_url)
        applied = bring_up(configured.database_owner_url, role, ring.tokens, app_password=password)
    else:
        with app.database(configured, place):
            applied = []
    print(f"{len(applied)} migrations applied." if applied else "The database is up to date.")


def import_sources(at: Path | None, export: Path | None, mail: Sequence[str], sent: Sequence[str]) -> None:
    if export is None and not mail and not sent:
        raise NeedsPerson("Nothing to import: give --slack-export, --mail or --sent.")
    paths = mail_paths(mail, sent)
    configured = settings.load(at)
    with opened(configured, app.require_home(configured)) as (desk, _):
        with progress("importing") as step:
            found = imports.import_all(desk.store, export, paths, step)
        print(_imported(found))


def night(
    at: Path | None, who: Sequence[str], out: Path, export: Path | None, mail: Sequence[str], sent: Sequence[str],
    day: str | None, now: str | None,
) -> None:  # fmt: skip
    """Imports, sleeps and writes. Without a home all of it happens in a fresh one that is removed afterwards."""
    begun = time.monotonic()
    paths = mail_paths(mail, sent)
    wanted = calendar.wanted(day, now)
    configured = settings.load(at)
    _make(out)
    with _home_or_fresh(configured) as (place, durable), opened(configured, place, durable) as (desk, dsn):
        found = None
        if export is not None or paths:
            with progress("importing") as step:
                found = imports.import_all(desk.store, export, paths, step)
        sleep_and_write(desk, dsn, who, out, wanted, found, begun)


def sleep_and_write(
    desk: Desk,
    dsn: str,
    who: Sequence[str],
    out: Path,
    wanted: calendar.Wanted,
    found: imports.Imported | None,
    begun: float,
) -> None:
    """One night for each of `who`, then their files under `out`."""
    nights = [(name, *_night_of(desk, name, wanted)) for name in dict.fromkeys(who)]
    from bot import nightfiles  # as in `recall`

    slept = time.monotonic()
    with progress("sleeping") as step:
        step("the night", 0)
        app.sleep_now(desk, dsn, [(known, day, now) for _, known, day, now in nights])
    steps = [{"name": "import", "seconds": round(slept - begun, 2), "status": "done"}]
    steps.append({"name": "sleep", "seconds": round(time.monotonic() - slept, 2), "status": "done"})
    owners = [(name, begin_owner(desk, known.id), day, now) for name, known, day, now in nights]
    for name, owner, day, now in owners:
        if not nightfiles.finished(owner, day):
            raise Later(f"The night of {name} did not finish: run it again, it goes on where it was.")
        digest = nightfiles.write_person(owner, day, now, out / _folder(name))
        print(f"{name}: {digest.headline}")
    read = {"slack": found.slack if found else 0, "mail": found.mail if found else 0, "documents": 0}
    spent = nightfiles.spent([(owner, day) for _, owner, day, _ in owners])
    nightfiles.write_report(out, time.monotonic() - begun, read, spent, steps)
    print(f"Files are in {out}.")


def _night_of(desk: Desk, who: str, wanted: calendar.Wanted) -> tuple[people.Known, date, datetime]:
    with desk.store.directory() as tx:
        known = people.find(tx, who)
    if known is None:
        raise NeedsPerson(f"Nobody here is {who}: name a Slack id or a mail address that was imported.")
    owner = begin_owner(desk, known.id)
    day, now = wanted.resolve(owner.person.zone, lambda: _newest(desk, owner))
    return known, day, now


def _newest(desk: Desk, owner: Owner) -> datetime:
    """The newest plausible message that this person may read."""
    with owner.begin() as tx:
        times = messages.sent_times(tx, datetime.now(UTC))
    return calendar.newest_plausible(times) or datetime.now(UTC)


def recall(
    at: Path | None, question: str | None, who: str, where: str, most: int, batch: Path | None, as_json: bool
) -> None:
    def answer(desk: Desk, asked: "Asked") -> dict[str, Any]:
        here = audience.place(desk, asked.who, asked.where)
        from bot import asking, likening  # a second of CPU, which nobody waits for who has to mend something first

        like = likening.meant(desk, here.asker, asked.question, desk.now())
        found = asking.recall(here, asked.question, most, LATEST, like)
        items = [
            {"source": _plain(one.message.source), "score": round(one.score, 4), "text": one.message.text.text}
            for one in found
        ]
        return {"items": items}

    wish = Asking(answer, _show_items, lambda: {"items": []})
    _each(at, asked_for(question, who, where, batch), batch is not None, as_json, wish)


def ask(at: Path | None, question: str | None, who: str, where: str, batch: Path | None, as_json: bool) -> None:
    def answer(desk: Desk, asked: "Asked") -> dict[str, Any]:
        here = audience.place(desk, asked.who, asked.where)
        from bot import asking  # as in `recall`

        found, usage = asking.ask(desk, here, asked.question, [], _moment(here))
        return {
            "text": found.text,
            "citations": [_plain(source) for source in found.citations],
            "served": found.served,
            "retrieved": [_plain(source) for source in found.retrieved],
            "usage": usage,
        }

    def nothing() -> dict[str, Any]:
        from bot import asking

        usage = asking.Used().as_usage()
        return {"text": "", "citations": [], "served": "not_found", "retrieved": [], "usage": usage}

    wish = Asking(answer, _show_answer, nothing)
    _each(at, asked_for(question, who, where, batch), batch is not None, as_json, wish)


def _moment(here: audience.Place) -> datetime:
    """Now, or after the newest plausible message where an import is ahead of this machine's clock."""
    now = datetime.now(UTC)
    if here.begin is None:
        return now
    with here.begin() as tx:
        newest = calendar.newest_plausible(messages.sent_times(tx, LATEST))
    return now if newest is None else max(now, newest)


def init(at: Path | None, yes: bool, answers: Path | None) -> None:
    """Asks and writes, brings an own database up to date, and ends with what doctor finds."""
    from rich.console import Console

    from bot import setup

    who = setup.answering(yes, answers)
    place = (at or settings.load(at).home or settings.DEFAULT_HOME).expanduser()
    setup.set_up(place, who, Console(highlight=False))
    if settings.load(place).database_owner_url:
        migrate(place)
    doctor(place, as_json=False)


def doctor(at: Path | None, as_json: bool) -> None:
    """Prints findings as they are made; exit code 2 when something must be changed."""
    from bot.doctor.show import run

    if not run(at, as_json):
        raise SystemExit(2)


def proof(at: Path | None, out: Path, live: bool, contexts: int, most_tokens: int | None) -> None:
    from bot import proving

    _make(out)
    asked = proving.Asked(out, live, contexts, most_tokens, lambda line: print(line, file=sys.stderr))
    print(f"{proving.prove(settings.load(at), asked)} is written.")


# --- processes that stay, and their pause ---------------------------------------------------------


def serve(at: Path | None, worker: bool, http: str) -> None:
    from bot import serve as staying

    configured = settings.load(at)
    staying.run(configured, app.require_home(configured), worker, http)


def work(at: Path | None) -> None:
    from bot import serve as staying

    configured = settings.load(at)
    staying.work(configured, app.require_home(configured))


def pause(at: Path | None, who: str) -> None:
    """Before the next thing that would be done outside; a person's pause holds their nights, mornings and drafts alone."""
    with _running(at) as desk:
        if who:
            print(
                f"{_set_paused(desk, who, True)} gets no nights, digests or drafts until `nightdesk resume --person {who}`."
            )
            return
        with desk.store.directory() as tx:
            fresh = nights.pause(tx)
        print(
            "Nightdesk is paused: it posts nothing, drafts nothing and begins no night."
            if fresh
            else "Nightdesk was paused already."
        )


def resume(at: Path | None, who: str) -> None:
    with _running(at) as desk:
        if who:
            print(f"{_set_paused(desk, who, False)} gets nights again.")
            return
        with desk.store.directory() as tx:
            fresh = nights.resume(tx, desk.now())
        print("Nightdesk goes on." if fresh else "Nightdesk was not paused.")


@contextmanager
def _running(at: Path | None) -> Iterator[Desk]:
    configured = settings.load(at)
    with opened(configured, app.require_home(configured)) as (desk, _):
        with desk.store.directory() as tx:
            if people.workspace(tx) is None:
                raise NeedsPerson("There is nothing to pause here yet: connect Slack, or import an export, first.")
        yield desk


def _set_paused(desk: Desk, who: str, paused: bool) -> str:
    with desk.store.directory() as tx:
        known = people.require(tx, who)
        chosen = people.preferences(tx, known.id)
        people.set_preferences(tx, known.id, chosen.model_copy(update={"paused": paused}))
    return known.person.name


# --- questions from the command line --------------------------------------------------------------

LATEST = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Asked:
    id: Any
    who: str
    where: str
    question: str


def asked_for(question: str | None, who: str, where: str, batch: Path | None) -> list[Asked]:
    """One question of the command line, or those of a file of JSON lines."""
    if batch is None:
        if not question or not who:
            raise NeedsPerson('Give --as WHO and a question, as in: --as U1 --in general "When do we ship?"')
        return [Asked(None, clean(who), clean(where), clean(question))]
    try:
        lines = batch.read_text(encoding="utf-8").split("\n")  # other line ends may stand inside a question
    except (OSError, UnicodeDecodeError) as err:
        raise NeedsPerson(f"{batch} cannot be read: give a file of JSON lines.") from err
    return [_asked(number, line, who, where) for number, line in enumerate(lines, 1) if line.strip()]


def _asked(number: int, line: str, who: str, where: str) -> Asked:
    try:
        held = json.loads(line)
        words = (held.get("as") or who, held.get("in") or where, held["question"])
        return Asked(held.get("id"), *(clean(str(word)) for word in words))
    except (ValueError, KeyError, TypeError, AttributeError) as err:
        raise NeedsPerson(f"Line {number} of the batch is not {{id, as, in, question}}.") from err


@dataclass(frozen=True)
class Asking:
    """What a command makes of a question, and how it shows that; `nothing`: of one that names nobody, or no place, here."""

    answer: Callable[[Desk, Asked], dict[str, Any]]
    show: Callable[[dict[str, Any]], None]
    nothing: Callable[[], dict[str, Any]]


def _each(at: Path | None, asked: Sequence[Asked], is_batch: bool, as_json: bool, asking: Asking) -> None:
    configured = settings.load(at)
    with opened(configured, app.require_home(configured)) as (desk, _):
        if is_batch:
            _batch(desk, asked, asking)
            return
        for one in asked:
            found = asking.answer(desk, one)
            if as_json:
                print(json.dumps(found, ensure_ascii=False))
            else:
                asking.show(found)


def _batch(desk: Desk, asked: Sequence[Asked], asking: Asking) -> None:
    """A line for each question. One that cannot be asked here has an `error` and keeps no other from its answer."""
    lost = 0
    for one in asked:
        try:
            found = asking.answer(desk, one)
        except NeedsPerson as error:
            found = {**asking.nothing(), "error": str(error)}
            lost += 1
        print(json.dumps({"id": one.id, **found}, ensure_ascii=False), flush=True)
    if lost:
        raise NeedsPerson(f"{lost} of {len(asked)} questions could not be asked here: their lines say why, as `error`.")


def _plain(source: Source) -> dict[str, Any]:
    return source.model_dump(mode="json")


def _show_items(found: dict[str, Any]) -> None:
    for item in found["items"]:
        print(f"{item['score']:.2f}  {_where(item['source'])}  {' '.join(item['text'].split())[:200]}")
    if not found["items"]:
        print("Nothing found.")


def _show_answer(found: dict[str, Any]) -> None:
    print(found["text"])
    for source in found["citations"]:
        print(f"  - {_where(source)}")


def _where(source: dict[str, Any]) -> str:
    return f"{source['channel']} {source['ts']}" if source["kind"] == "slack" else f"mail {source['message_id']}"


# --- what every command needs ---------------------------------------------------------------------


@contextmanager
def opened(configured: settings.Settings, place: Path, durable: bool = True) -> Iterator[tuple[Desk, str]]:
    """The desk over the home's database, and how to reach that database."""
    with app.database(configured, place, durable) as held, app.desk(configured, held) as desk:
        yield desk, held.dsn


@contextmanager
def _home_or_fresh(configured: settings.Settings) -> Iterator[tuple[Path, bool]]:
    if configured.home is not None or configured.database_url:
        yield app.require_home(configured), True
        return
    with home.temporary() as fresh:
        yield fresh, False


def mail_paths(mail: Sequence[str], sent: Sequence[str]) -> list[imports.MailPath]:
    """ADDRESS=PATH of the command line. Raises `NeedsPerson` before anything is opened."""
    found = [_mail_path(text, "inbox") for text in mail] + [_mail_path(text, "sent") for text in sent]
    for one in found:
        if not one.path.exists():
            raise NeedsPerson(f"There is no mail at {one.path}: check the path.")
    return found


def _mail_path(text: str, mailbox: imports.Mailbox) -> imports.MailPath:
    address, sign, path = text.partition("=")
    if not sign or "@" not in address or not path:
        raise NeedsPerson(f"{text} is not ADDRESS=PATH, as in ada@example.org=mail/ada.mbox.")
    return imports.MailPath(address.strip().casefold(), Path(path).expanduser(), mailbox)


def _imported(found: imports.Imported) -> str:
    left = f" {len(found.broken)} could not be read: {_reasons(found)}." if found.broken else ""
    return f"{found.slack} Slack messages and {found.mail} mails are in.{left}"


def _reasons(found: imports.Imported) -> str:
    return "; ".join(f"{key}: {reason}" for key, reason in found.broken[:3])


def _make(out: Path) -> None:
    """The folder of what a command writes, made before its work: afterwards that would have nowhere to go."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as err:
        raise NeedsPerson(f"The folder {out} cannot be made ({err.strerror}): choose another with --out.") from err


def _folder(who: str) -> str:
    """WHO as given, if it can be a folder's name."""
    return who.replace("/", "_").replace("\0", "")


@contextmanager
def progress(title: str) -> Iterator[imports.Progress]:
    """A line on stderr that moves, in a terminal only."""
    if not sys.stderr.isatty():
        yield lambda what, count: None
        return
    from rich.console import Console

    with Console(stderr=True).status(title) as status:
        yield lambda what, count: status.update(f"{title}: {what}{f' ({count})' if count else ''}")
