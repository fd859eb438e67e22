"""The `nightdesk` command. What a command does lives in `bot.commands`, imported when it runs: `--help` stays quick."""

import gc
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from bot import observe, settings
from graphs.errors import NeedsPerson, NightdeskError

app = typer.Typer(
    help="A desk that works while people sleep.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

ExportPath = Annotated[Path | None, typer.Option(help="A Slack export: the zip, or the folder it unpacks to.")]
MailPaths = Annotated[
    list[str] | None, typer.Option(help="ADDRESS=PATH: an mbox, a Maildir, or a folder of .eml files.")
]
SentPaths = Annotated[list[str] | None, typer.Option(help="ADDRESS=PATH: mail that ADDRESS sent.")]
As = Annotated[str, typer.Option("--as", help="Who asks: a Slack id or a mail address.")]
In = Annotated[str, typer.Option("--in", help="Where: a channel's id or name, or dm.")]
Batch = Annotated[Path | None, typer.Option(help="JSON lines {id, as, in, question}; one line of output for each.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON value on stdout and nothing else.")]


def _tell_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"nightdesk {version('nightdesk')}")
        raise typer.Exit


@app.callback()
def nightdesk(
    context: typer.Context,
    home: Annotated[
        Path | None, typer.Option(help="Folder of the embedded database and keys (default: ~/.nightdesk).")
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", help="Say which version this is.", is_eager=True, callback=_tell_version)
    ] = False,
) -> None:
    context.obj = home


@app.command()
def demo(
    context: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="Stop after the digest, without the page.")] = False,
    rules: Annotated[bool, typer.Option("--rules", help="Without a model's recorded answers.")] = False,
    live: Annotated[
        bool, typer.Option("--live", help="Ask the models that are set up instead of recordings; it costs tokens.")
    ] = False,
    out: Annotated[Path | None, typer.Option(help="Also write the files of the night here.")] = None,
) -> None:
    """A made-up company, three days and a night: see the morning's digest in seconds. No keys, nothing leaves this machine."""
    from bot.commands import demo as run

    run(context.obj, once, rules, live, out)


@app.command()
def migrate(context: typer.Context) -> None:
    """Bring the database up to date (DATABASE_OWNER_URL, else the embedded one)."""
    from bot.commands import migrate as run

    run(context.obj)


@app.command("import")
def import_(
    context: typer.Context, slack_export: ExportPath = None, mail: MailPaths = None, sent: SentPaths = None
) -> None:
    """Read a Slack export and mail into the store. Doing it again doubles nothing."""
    from bot.commands import import_sources

    import_sources(context.obj, slack_export, mail or [], sent or [])


@app.command()
def night(
    context: typer.Context,
    person: Annotated[list[str], typer.Option(help="Whose night: a Slack id or a mail address; repeatable.")],
    out: Annotated[Path, typer.Option(help="Folder for the files of the night.")],
    slack_export: ExportPath = None,
    mail: MailPaths = None,
    sent: SentPaths = None,
    date: Annotated[str | None, typer.Option(help="Local date of the morning, YYYY-MM-DD.")] = None,
    now: Annotated[str | None, typer.Option(help="Moment of waking up, ISO; what is later is invisible.")] = None,
) -> None:
    """Import, sleep one night for each person, and write digest, drafts, tasks and memory to a folder."""
    from bot.commands import night as run

    run(context.obj, person, out, slack_export, mail or [], sent or [], date, now)


@app.command()
def recall(
    context: typer.Context,
    question: Annotated[str | None, typer.Argument()] = None,
    as_: As = "",
    in_: In = "dm",
    most: Annotated[int, typer.Option("-k", min=1, max=200, help="How many at most.")] = 20,
    batch: Batch = None,
    json_: Json = False,
) -> None:
    """What retrieval returns to that viewer in that place, best first."""
    from bot.commands import recall as run

    run(context.obj, question, as_, in_, most, batch, json_)


@app.command()
def ask(
    context: typer.Context,
    question: Annotated[str | None, typer.Argument()] = None,
    as_: As = "",
    in_: In = "dm",
    batch: Batch = None,
    json_: Json = False,
) -> None:
    """The live agent's answer to that viewer in that place, posted nowhere."""
    from bot.commands import ask as run

    run(context.obj, question, as_, in_, batch, json_)


@app.command()
def init(
    context: typer.Context,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing: keep what is set.")] = False,
    answers: Annotated[
        Path | None,
        typer.Option(help="Answers instead of questions: lines as in nightdesk.toml; - reads them from stdin."),
    ] = None,
) -> None:
    """Set the desk up: the Slack app, database, models, zone. May be run again; what is set stays."""
    from bot.commands import init as run

    run(context.obj, yes, answers)


@app.command()
def doctor(context: typer.Context, json_: Json = False) -> None:
    """Look at every setting, connection, scope and clock, and say how to mend what is wrong."""
    from bot.commands import doctor as run

    run(context.obj, json_)


@app.command()
def connect(
    context: typer.Context,
    address: Annotated[str, typer.Argument(help="The mailbox's address.")],
    person: Annotated[
        str, typer.Option(help="Whose it is, when Slack knows them by another address: a Slack id.")
    ] = "",
    host: Annotated[str, typer.Option(help="IMAP server (default: the provider's, else imap.DOMAIN).")] = "",
    port: Annotated[int, typer.Option(help="Its port (default: the usual one).")] = 0,
    security: Annotated[Literal["tls", "starttls", "plain"], typer.Option(help="How the line is encrypted.")] = "tls",
    login: Annotated[str, typer.Option(help="User name, when it is not the address.")] = "",
    sent: Annotated[str, typer.Option(help="The folder of sent mail, when it is not found.")] = "",
    drafts: Annotated[str, typer.Option(help="The folder of drafts, when it is not found.")] = "",
    password_stdin: Annotated[bool, typer.Option("--password-stdin", help="Read the password from stdin.")] = False,
) -> None:
    """Link a mailbox to a person: its mail is read, and replies are drafted into it. Nothing is ever sent."""
    from bot.connecting import Asked
    from bot.connecting import connect as run

    run(context.obj, Asked(address, person, host, port, security, login, sent, drafts), password_stdin)


@app.command()
def disconnect(context: typer.Context, address: Annotated[str, typer.Argument(help="The mailbox's address.")]) -> None:
    """Forget a mailbox: its password and every word that came from it."""
    from bot.connecting import disconnect as run

    run(context.obj, address)


keys_app = typer.Typer(help="The key ring that seals passwords.", no_args_is_help=True)
app.add_typer(keys_app, name="keys")


@keys_app.command()
def rotate(context: typer.Context) -> None:
    """Seal everything with a new key; do it now and then, and whenever somebody may have seen the ring."""
    from bot.connecting import rotate as run

    run(context.obj)


Who = Annotated[str, typer.Option("--person", help="Only this person: a Slack id or a mail address.")]


@app.command()
def serve(
    context: typer.Context,
    worker: Annotated[bool, typer.Option("--worker/--no-worker", help="Also work, or leave that to others.")] = True,
    http: Annotated[
        str, typer.Option(help="HOST:PORT: take events as signed HTTP requests instead of over a socket.")
    ] = "",
) -> None:
    """Listen to Slack, keep the clock, and work, until SIGTERM. Any number may run: one of them leads."""
    from bot.commands import serve as run

    run(context.obj, worker, http)


@app.command()
def worker(context: typer.Context) -> None:
    """Only work: answers, nights, mornings. Any number of these, on any machine that reaches the database."""
    from bot.commands import work as run

    run(context.obj)


@app.command()
def pause(context: typer.Context, person: Who = "") -> None:
    """Stop before the next thing that would be done outside; with --person for one person's nights alone."""
    from bot.commands import pause as run

    run(context.obj, person)


@app.command()
def resume(context: typer.Context, person: Who = "") -> None:
    """Go on after `pause`."""
    from bot.commands import resume as run

    run(context.obj, person)


@app.command()
def proof(
    context: typer.Context,
    out: Annotated[Path, typer.Option(help="Folder for the page, and for what a live run was answered.")],
    live: Annotated[bool, typer.Option("--live", help="Ask the models that are set up; it costs tokens.")] = False,
    contexts: Annotated[int, typer.Option(min=1, help="Of a live run: situations of ten questions each.")] = 6,
    most_tokens: Annotated[
        int | None, typer.Option(help="Of a live run: read and written in all; it ends before.")
    ] = None,
) -> None:
    """One page that shows what sleeping changes: accuracy, tokens, cost, time to answer, asleep against awake."""
    from bot.commands import proof as run

    run(context.obj, out, live, contexts, most_tokens)


@app.command("check-model")
def check_model(
    context: typer.Context,
    role: Annotated[
        Literal["", "sleep", "live"], typer.Option(case_sensitive=False, help="Only this role's: sleep or live.")
    ] = "",
    json_: Json = False,
) -> None:
    """Thirty graded cases for each role's model: is it fit to draft, to find things, or for neither, and what will it cost?"""
    from bot.grading.show import run

    run(context.obj, role, json_)


@app.command()
def export(
    context: typer.Context,
    person: Annotated[str, typer.Option(help="Of whom: a Slack id or a mail address.")],
    out: Annotated[Path, typer.Option(help="A folder, or a file that ends in .zip.")],
) -> None:
    """Write all that is held of a person: what they wrote, their mail, and what was made of it for them."""
    from bot.connecting import export as run

    run(context.obj, person, out)


@app.command()
def erase(
    context: typer.Context,
    person: Annotated[str, typer.Option(help="Whom: a Slack id or a mail address.")],
    yes: Annotated[bool, typer.Option("--yes", help="Without being asked.")] = False,
    undo: Annotated[
        bool, typer.Option("--undo", help="Let somebody who was erased be a person here again; nothing comes back.")
    ] = False,
) -> None:
    """Forget a person: mailboxes, messages, tasks, drafts, and whatever was concluded from them. For good."""
    from bot.connecting import erase as run

    run(context.obj, person, yes, undo)


MANY = ("--person", "--mail", "--sent")


def spread(words: list[str]) -> list[str]:
    """Several values behind one of these options are the option several times: `--mail a=1 b=2` is `--mail a=1 --mail b=2`."""
    found: list[str] = []
    option = ""
    for word in words:
        if word.startswith("-"):
            option = word if word in MANY else ""
        elif option and found[-1] != option:
            found.append(option)
        found.append(word)
    return found


def home_first(words: list[str]) -> list[str]:
    """`--home DIR` may stand anywhere, as people write it, and not only before the command."""
    at = next((n for n, word in enumerate(words) if word == "--home" or word.startswith("--home=")), None)
    if at is None or "--" in words[:at]:
        return words
    end = at + (2 if words[at] == "--home" else 1)
    if end > len(words):
        return words
    return [*words[at:end], *words[:at], *words[end:]]


def main() -> None:
    """Exit code 0 on success, 2 when something has to be changed first, 1 on a failure, which gets a reference number."""
    # What libraries make while they are imported stays. To look through it for garbage again and again took a seventh of a start.
    gc.set_threshold(50_000, 20, 100)
    observe.watch_what_is_said()
    settings.take_secrets()
    try:
        app(args=spread(home_first(sys.argv[1:])), standalone_mode=True)
    except NeedsPerson as error:
        _say(str(error))
        sys.exit(2)
    except NightdeskError as error:
        _say(f"{error} (reference {_reference(error)})")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        if isinstance(error, OSError) and error.errno == 28:
            _say(
                f"The disk is full: free some space and run this again; nothing was half done. (reference {_reference(error)})"
            )
        else:
            _say(f"Something went wrong that nobody foresaw. (reference {_reference(error)})")
        sys.exit(1)


def _say(sentence: str) -> None:
    print(f"nightdesk: {sentence}", file=sys.stderr)


def _reference(error: BaseException) -> str:
    """A number to find the failure by; where it happened goes to a log beside the temporary files, without any content."""
    import secrets
    import tempfile
    import traceback

    number = secrets.token_hex(4)
    chain: list[BaseException] = [error]
    while (cause := chain[-1].__cause__ or chain[-1].__context__) is not None and cause not in chain:
        chain.append(cause)
    lines = [f"{number} {datetime.now().astimezone():%Y-%m-%d %H:%M:%S}"]
    for one in chain:
        frames = traceback.extract_tb(one.__traceback__)
        lines.append(f"  {type(one).__module__}.{type(one).__name__}")
        lines += [f"    {frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    try:
        with (Path(tempfile.gettempdir()) / "nightdesk-errors.log").open("a") as log:
            log.write("\n".join(lines) + "\n")
    except OSError:
        pass
    return number


if __name__ == "__main__":
    main()
