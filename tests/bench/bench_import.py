"""Messages a second of an import of the real export and mail, by part, beside a plain insert of the same rows.

The import reads while the server makes the index, so the parts, measured one after the other, add up to more than the whole.
"""

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path

import psycopg
from psycopg.rows import tuple_row

from bot import imports
from bot.imports import MailPath
from bot.mail import mbox
from bot.mail.safe import Parser
from bot.slack.export import open_export
from bot.store import messages, people
from bot.store.db import Row as Values
from bot.store.db import Tx
from graphs.domain import Channel, Message
from graphs.rules.text import language
from tests.bench.measure import Clock, Fresh, Row, fresh, given, report

READER = "reader@example.org"
COLUMNS = (
    "key", "thread", "author_key", "author_name", "author_address", "author_kind", "sent_at", "text", "facts", "lang", "hash",
)  # fmt: skip
TYPES = "text, text, text, text, text, text, timestamptz, text, jsonb, text, bytea"


def main() -> None:
    to = given(__doc__)
    export, mail = to.file("slack_export_real.zip"), to.file("mail_real.mbox.gz")
    if export is None or mail is None:
        return
    rows: list[Row] = []
    with fresh() as made:
        paths = [MailPath(READER, mail, "inbox")]
        with Clock(made) as clock:
            found = imports.import_all(made.store, export, paths, lambda what, count: None)
        rows.append(_row("whole import", found.slack + found.mail, clock))
        with Clock(made) as clock:
            imports.import_all(made.store, export, paths, lambda what, count: None)
        rows.append(_row("the same again", found.slack + found.mail, clock))
    with fresh() as made:
        rows += _parts(made, export, mail)
    plain = next(row for row in rows if row["part"] == "plain insert")
    for row in rows:
        row["of_plain_insert"] = round(row["wall_s"] / plain["wall_s"], 1)
    report(to, "import", [*rows, {"part": "target", "per_s": 1000}])


def _parts(made: Fresh, export: Path, mail: Path) -> list[Row]:
    with Clock() as slack_clock:
        opened = open_export(export)
        said = [one for channel in opened.channels() for day in opened.days(channel) for one in day.messages]
    with ExitStack() as stack, Clock() as mail_clock:
        parser = stack.enter_context(Parser())
        mails = [one for one in parser.parse_all(mbox.read(mail), READER, "inbox") if isinstance(one, Message)]
        stack.close()  # children count when they have ended
    with made.store.directory() as tx:
        channels = {f"channel:{one.id}": people.put_channel(tx, one) for one in opened.channels()}
        account = people.put_channel(tx, Channel(id="CMAIL", name="mail", kind="private"))
    with Clock() as row_clock:
        slack_rows = [messages.slack_row(channels[one.scope], one, language(one.text.text)) for one in said]
        mail_rows = [messages.mail_row(account, one, language(one.text.text)) for one in mails]
    with Clock(made) as put_clock:
        _put(made, messages.put_slack, slack_rows)
        _put(made, messages.put_mails, mail_rows)
    with Clock(made) as index_clock:
        for scope in [*channels.values(), account]:
            with made.store.as_scope(scope) as tx:
                tx.all("index_scope")
    with Clock(made) as again_clock:
        for scope in [*channels.values(), account]:
            with made.store.as_scope(scope) as tx:
                tx.all("index_scope")
    with Clock(made) as plain_clock:
        _insert(made, [*slack_rows, *mail_rows])
    both = len(said) + len(mails)
    return [
        _row("parse Slack", len(said), slack_clock), _row("parse mail", len(mails), mail_clock),
        _row("make rows", both, row_clock), _row("put", both, put_clock), _row("index", both, index_clock),
        _row("index, nothing new", both, again_clock), _row("plain insert", both, plain_clock),
    ]  # fmt: skip


def _put(made: Fresh, write: Callable[[Tx, int, list[Values]], None], rows: Iterable[Values]) -> None:
    by_scope: dict[int, list[Values]] = {}
    for row in rows:
        by_scope.setdefault(row["scope"], []).append(row)
    for scope, mine in by_scope.items():
        for begin in range(0, len(mine), imports.BATCH):
            with made.store.as_scope(scope) as tx:
                write(tx, scope, mine[begin : begin + imports.BATCH])


def _insert(made: Fresh, rows: Iterable[Values]) -> None:
    """What anybody would write first: no rule, no key, no version, no index."""
    shape = ", ".join(f"{name} {kind}" for name, kind in zip(COLUMNS, TYPES.split(", "), strict=True))
    held = ", ".join(f"%({name})s" for name in COLUMNS)
    with psycopg.connect(made.owner, row_factory=tuple_row) as owner:
        owner.execute(f"create table public.plain ({shape})".encode())
        owner.cursor().executemany(f"insert into public.plain ({', '.join(COLUMNS)}) values ({held})".encode(), rows)


def _row(part: str, count: int, clock: Clock) -> Row:
    return {
        "part": part, "messages": count, "per_s": round(count / clock.wall), "wall_s": clock.wall, "cpu_s": clock.cpu,
        "server_cpu_s": clock.server_cpu,
    }  # fmt: skip


if __name__ == "__main__":
    main()
