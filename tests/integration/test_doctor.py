"""`nightdesk doctor` names what is wrong, what it is needed for, and how to mend it; and tells no secret."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from bot import settings
from bot.doctor import database, machine, mail, models
from bot.doctor import slack as slack_check
from bot.doctor.finding import Finding, told
from bot.embedded.slack import APP_TOKEN, BOT_TOKEN, Sandbox
from bot.embedded.slack_faults import refused
from bot.embedded.slack_values import ALL_SCOPES
from bot.home import keys
from bot.mail.account import Login
from bot.slack.grants import SCOPES
from bot.store import accounts, people
from bot.store.db import Store, open_pool
from tests.servers.company import Nightdesk, model_settings, new_home
from tests.servers.company import keys as keys_of_company
from tests.servers.dovecot import FULL, Dovecot, Profile
from tests.servers.model import ModelServer
from tests.servers.postgres import SECRET, Database
from tests.servers.slack import Clock


@pytest.fixture
def slack_clock() -> Clock:
    """Slack's clock, set by ours."""
    return Clock(time.time())


@pytest.fixture
def store(database: Database) -> Iterator[Store]:
    pool = open_pool(database.app, 2)
    yield Store(pool, SECRET)
    pool.close()


def with_slack(sandbox: Sandbox, **environ: str) -> settings.Settings:
    said = {"SLACK_BOT_TOKEN": BOT_TOKEN, "SLACK_APP_TOKEN": APP_TOKEN, "SLACK_API_BASE_URL": sandbox.base_url}
    return settings.load(Path("/nowhere"), said | environ)


def of(found: list[Finding], level: str) -> list[str]:
    return [one.what for one in found if one.level == level]


# --- Slack -----------------------------------------------------------------------------------------


def test_a_workspace_in_order_has_nothing_to_mend(slack: Sandbox, store: Store) -> None:
    slack.company.scopes = frozenset(SCOPES)
    for number in range(20):
        slack.say("ada", "general", f"Message {number}")
    found = list(slack_check.slack(with_slack(slack), store))
    assert of(found, "fail") == []
    said = " ".join(of(found, "ok"))
    assert f"All {len(SCOPES)} scopes are granted." in said
    assert "It is in 2 channels, 1 of them private, 0 shared" in said
    assert "The socket can be opened." in said
    assert "History may be read at full speed." in said
    assert [one for one in of(found, "warn") if "No event came" not in one] == []


def test_each_missing_scope_is_named_with_its_use_and_what_breaks(slack: Sandbox) -> None:
    slack.company.scopes = frozenset(SCOPES) - {"groups:history", "files:read"}
    found = list(slack_check.slack(with_slack(slack), None))
    [failed] = of(found, "fail")
    assert failed == (
        "The scope groups:history is missing (reads the private channels it was invited to): private channels are not read."
    )
    [mend] = [one.mend for one in found if one.what == failed]
    assert "OAuth & Permissions" in mend and "Reinstall" in mend
    warned = of(found, "warn")
    assert any("files:read" in one and "look like messages without" in one for one in warned)
    assert any("Slack keeps back" in one and "message.groups" in one for one in warned)


def test_a_scope_too_many_is_told(slack: Sandbox) -> None:
    assert frozenset(SCOPES) < ALL_SCOPES  # the sandbox grants more unless told otherwise
    warned = of(list(slack_check.slack(with_slack(slack), None)), "warn")
    assert any("may do more than it needs" in one and "channels:manage" in one for one in warned)


def test_tokens_in_each_others_places_are_noticed_without_a_call(slack: Sandbox) -> None:
    swapped = with_slack(slack, SLACK_BOT_TOKEN=APP_TOKEN, SLACK_APP_TOKEN=BOT_TOKEN)
    found = list(slack_check.slack(swapped, None))
    assert of(found, "fail") == [
        "SLACK_BOT_TOKEN is an app-level token, not a bot token (xoxb-…).",
        "SLACK_APP_TOKEN is a bot token, not an app-level token (xapp-…).",
    ]
    assert slack.log == []


def test_events_come_over_a_socket_or_as_signed_requests_and_one_of_them_is_needed(slack: Sandbox) -> None:
    neither = with_slack(slack, SLACK_APP_TOKEN="")
    assert of(list(slack_check.slack(neither, None)), "fail") == [
        "SLACK_APP_TOKEN is not set, not an app-level token (xapp-…)."
    ]
    signed = list(slack_check.slack(replace(neither, slack_signing_secret="s" * 32), None))
    assert of(signed, "fail") == []
    assert any("serve --http" in one for one in of(signed, "ok"))


def test_a_revoked_token_says_what_to_do(slack: Sandbox) -> None:
    slack.revoke_token()
    failed = of(list(slack_check.slack(with_slack(slack), None)), "fail")
    assert any("token_revoked" in one and "SLACK_BOT_TOKEN" in one for one in failed)


def test_a_socket_that_may_not_be_opened_names_the_switch_or_the_token(slack: Sandbox) -> None:
    slack.fails("apps.connections.open", refused("socket_mode_not_enabled"))
    [found] = [one for one in slack_check.slack(with_slack(slack), None) if one.level == "fail"]
    assert "Socket Mode" in found.mend
    slack.fails("apps.connections.open", refused("invalid_auth"))
    [failed] = of(list(slack_check.slack(with_slack(slack), None)), "fail")
    assert "SLACK_APP_TOKEN" in failed and "connections:write" in failed


def test_a_slack_that_cannot_be_reached_is_told_once(slack: Sandbox) -> None:
    configured = with_slack(slack)
    slack.stop()
    assert of(list(slack_check.slack(configured, None)), "fail") == ["Slack cannot be reached."]
    slack.start()


@pytest.mark.parametrize(("ahead", "level"), [(0.0, "ok"), (20.0, "warn"), (-600.0, "fail")])
def test_a_clock_that_is_off_is_told(slack: Sandbox, ahead: float, level: str) -> None:
    found = list(slack_check.slack(with_slack(slack), None, lambda: time.time() - ahead))
    [clock] = [one for one in found if "clock" in one.what]
    assert clock.level == level
    if level != "ok":
        assert ("ahead of" if ahead > 0 else "behind") in clock.what


def test_an_app_that_slack_holds_back_is_told_why(slack: Sandbox) -> None:
    for number in range(20):
        slack.say("ada", "general", f"Message {number}")
    slack.api.limits.commercial = True
    warned = of(list(slack_check.slack(with_slack(slack), None)), "warn")
    assert any("15 messages a call" in one for one in warned)


def test_the_token_of_another_workspace_is_refused(slack: Sandbox, store: Store, database: Database) -> None:
    with psycopg.connect(database.admin, autocommit=True) as admin:
        admin.execute("insert into nightdesk.workspace (team, name, domain) values ('T0OTHER', 'Other', 'other')")
    failed = of(list(slack_check.slack(with_slack(slack), store)), "fail")
    assert failed == ["This home belongs to the workspace Other, and the token to Night."]


def test_what_came_from_slack_is_all_there_is_to_tell_of_subscriptions(
    slack: Sandbox, store: Store, database: Database
) -> None:
    found = list(slack_check.slack(with_slack(slack), store))
    [silent] = [one for one in found if "No event came" in one.what]
    assert "Event Subscriptions" in silent.mend
    with psycopg.connect(database.admin, autocommit=True) as admin:
        admin.execute(
            "insert into nightdesk.slack_event (key, kind, received_at) values ('E', 'message', now() - interval '5 hours')"
        )
    said = of(list(slack_check.slack(with_slack(slack), store)), "ok")
    assert any("The last event came 5 hours ago" in one and "1 wait" in one for one in said)


def test_without_tokens_slack_is_a_warning(slack: Sandbox) -> None:
    [found] = slack_check.slack(settings.load(Path("/nowhere"), {}), None)
    assert (found.level, found.mend) == ("warn", "Run `nightdesk init`.")


# --- models ----------------------------------------------------------------------------------------


def with_models(server: ModelServer, **environ: str) -> settings.Settings:
    return settings.load(Path("/nowhere"), model_settings(server) | environ)


def test_one_tiny_call_serves_both_roles_of_one_model(model_server: ModelServer) -> None:
    found = list(models.models(with_models(model_server)))
    assert of(found, "fail") == [] and len(model_server.requests) == 1
    assert any("fake answers in" in one and "in the form asked for" in one for one in of(found, "ok"))
    assert "The night's model is the day's too." in of(found, "ok")


def test_two_models_get_a_call_each_and_no_price_is_told_for_a_stranger(model_server: ModelServer) -> None:
    list(models.models(with_models(model_server, NIGHTDESK_SLEEP_MODEL="another")))
    assert len(model_server.requests) == 2
    far = settings.RoleSettings("large", "http://models.example.org/v1", "sk-x")
    said = list(models._about("the night's", far))
    assert [one.level for one in said] == ["fail", "warn"]
    assert "unencrypted" in said[0].what and "no price" in said[1].what


@pytest.mark.parametrize(
    ("status", "code", "sign"),
    [
        (401, "", "refuses the key"),
        (404, "", "does not know the model"),
        (429, "insufficient_quota", "no credit"),
        (500, "", "failed with 500"),
    ],
)
def test_what_a_model_refuses_is_told_in_a_sentence(
    model_server: ModelServer, status: int, code: str, sign: str
) -> None:
    model_server.fails("status", 4, status=status, code=code)
    [failed, *_] = of(list(models.models(with_models(model_server))), "fail")
    assert sign in failed
    assert "sk-test" not in failed and ".." not in failed


def test_an_embedding_model_is_asked_too_and_one_that_fails_is_a_warning(model_server: ModelServer) -> None:
    means = {"NIGHTDESK_EMBED_MODEL": "means", "NIGHTDESK_EMBED_BASE_URL": model_server.base_url}
    assert any("means answers in" in one for one in of(list(models.models(with_models(model_server, **means))), "ok"))
    away = means | {"NIGHTDESK_EMBED_BASE_URL": "http://127.0.0.1:9/v1"}
    found = list(models.models(with_models(model_server, **away)))
    assert of(found, "fail") == [] and any("by their words alone" in one.mend for one in found)


def test_a_model_that_answers_in_another_form_is_a_warning(model_server: ModelServer) -> None:
    model_server.says("It works!")
    warned = of(list(models.models(with_models(model_server))), "warn")
    assert any("did not answer in the form asked for" in one for one in warned)


def test_a_model_that_is_not_there_is_told(model_server: ModelServer) -> None:
    away = with_models(model_server, NIGHTDESK_LIVE_BASE_URL="http://127.0.0.1:9/v1", NIGHTDESK_SLEEP_MODEL="")
    [failed] = of(list(models.models(away)), "fail")
    assert "cannot be reached" in failed


# --- database, keys, machine -----------------------------------------------------------------------


def test_a_database_in_order_has_nothing_to_mend(store: Store) -> None:
    found = list(database.database(store, embedded=True))
    assert {one.level for one in found} == {"ok"}
    assert any("The key ring belongs to this database." in one.what for one in found)


def test_a_database_that_is_older_newer_or_of_another_ring_is_told(store: Store, database: Database) -> None:
    other = Store(store.pool, b"the ring of another home, 32 byt")
    assert any("signature of this key ring" in one for one in of(_database(other), "fail"))
    with psycopg.connect(database.admin, autocommit=True) as admin:
        admin.execute("update public.schema_migration set name = '9999_later.sql' where name like '0001%%'")
        assert any("newer version (9999_later.sql)" in one for one in of(_database(store), "fail"))
        admin.execute("delete from public.schema_migration where name = '9999_later.sql'")
        assert any("lacks 1 migrations, from 0001" in one for one in of(_database(store), "fail"))
        admin.execute("revoke select on public.schema_migration from nightdesk_app")
        assert any("run `nightdesk migrate`" in one for one in of(_database(store), "fail"))


def test_zones_that_this_machine_does_not_know_are_told_with_where_their_people_live(
    store: Store, database: Database
) -> None:
    with psycopg.connect(database.admin, autocommit=True) as admin:
        admin.execute(
            """insert into nightdesk.person (key, name, zone, role) values ('U1', 'Ada', 'Europe/Berlin', 'member'),
            ('U2', 'Ben', '', 'member'), ('U3', 'Cleo', 'Mars/Phobos', 'member'), ('U4', 'Dot', 'Mars/Phobos', 'guest')"""
        )
    assert of(_database(store), "warn") == [
        "By Slack or their own choice 2 people live in 'Mars/Phobos', which this machine does not know as a time zone."
    ]


def _database(store: Store) -> list[Finding]:
    return list(told("database", database.database(store, embedded=False)))


def test_a_role_that_reads_past_the_access_rule_is_told(database: Database) -> None:
    pool = open_pool(database.admin, 2)
    assert any("superuser" in one for one in of(_database(Store(pool, SECRET)), "fail"))
    pool.close()


def test_jobs_that_nobody_works_on_are_told(store: Store, database: Database) -> None:
    assert of(list(_queue(store)), "warn") == ["No worker is running."]
    with psycopg.connect(database.admin, autocommit=True) as admin:
        admin.execute("insert into procrastinate_jobs (queue_name, task_name) values ('live', 'answer')")
        assert of(_queue(store), "fail") == ["0 workers alive, 1 jobs due: nobody works."]
        admin.execute("insert into procrastinate_workers default values")
        assert of(_queue(store), "ok") == ["1 worker alive, 1 jobs due."]


def test_a_pause_that_somebody_forgot_is_told(store: Store, database: Database) -> None:
    with psycopg.connect(database.admin, autocommit=True) as admin:
        admin.execute("insert into nightdesk.workspace (team, name, domain) values ('T0NIGHT', 'Night', 'night')")
        assert not any("paused" in one for one in of(_queue(store), "warn"))
        admin.execute("update nightdesk.workspace set paused = true")
    assert any("The desk is paused" in one for one in of(_queue(store), "warn"))


def _queue(store: Store) -> list[Finding]:
    return list(database.queue(store))


def test_secrets_that_others_may_read_are_told(tmp_path: Path) -> None:
    file = tmp_path / "nightdesk.toml"
    file.write_text('SLACK_BOT_TOKEN = "xoxb-1"\n')
    file.chmod(0o644)
    configured = settings.load(tmp_path, {})
    [found] = [one for one in machine.settings(configured, tmp_path) if one.level == "fail"]
    assert found.mend == f"chmod 600 {file}"
    file.chmod(0o600)
    assert of(list(machine.settings(configured, tmp_path)), "fail") == []


def test_a_key_ring_that_is_missing_damaged_or_open_is_told(tmp_path: Path) -> None:
    configured = settings.load(tmp_path, {})
    ring = tmp_path / "keys.json"

    def found() -> Finding:
        [one] = told("keys", machine.key_ring(configured, tmp_path))
        return one

    assert "There is no key ring" in found().what
    ring.write_text("{}")
    assert "damaged" in found().what
    ring.unlink()
    keys(ring)
    assert found().level == "ok"
    ring.chmod(0o644)
    assert found().mend == f"chmod 600 {ring}"


def test_settings_that_would_fail_later_are_told_now(tmp_path: Path) -> None:
    wrong = {"NIGHTDESK_PUBLIC_URL": "http://desk", "NIGHTDESK_LOG": "loud", "NIGHTDESK_METRICS_PORT": "many"}
    found = of(list(machine.settings(settings.load(tmp_path, wrong), tmp_path)), "fail")
    assert [name for name in wrong if any(name in one for one in found)] == list(wrong)
    assert of(list(machine.machine(tmp_path)), "fail") == []


# --- mailboxes -------------------------------------------------------------------------------------

KEYS = keys_of_company()


def connected(store: Store, login: Login, password: str = "") -> int:
    """A mailbox in the store; its scope."""
    with store.directory() as tx:
        scope = people.put_account(tx, login.user)
    with store.as_scope(scope) as tx:
        server = accounts.Server(login.host, login.user, login.port, login.security)
        accounts.connect(tx, KEYS.seals, scope, server, password or login.password)
    return scope


def test_a_mailbox_in_order_is_told_with_its_folders(store: Store, dovecot: Dovecot) -> None:
    connected(store, dovecot.user("ada@tulip.example", [b"Subject: one\r\n\r\nText\r\n"]))
    found = list(mail.mail(store, KEYS, None))
    assert of(found, "fail") == []
    assert of(found, "ok") == [
        "ada@tulip.example: 127.0.0.1 lets us in.",
        "ada@tulip.example: the inbox holds 1 mails; Sent is Sent; Drafts is Drafts.",
    ]
    assert of(found, "warn") == ["ada@tulip.example was not read yet."]


def test_each_mailbox_that_fails_is_told_and_the_others_are_looked_at(
    store: Store, dovecot: Dovecot, database: Database
) -> None:
    paused = connected(store, dovecot.user("ada@tulip.example"))
    connected(store, dovecot.user("bob@tulip.example"), "canary-password")
    away = replace(dovecot.user("cy@tulip.example"), port=9)
    connected(store, away)
    connected(store, dovecot.user("dee@tulip.example"))
    with store.as_scope(paused) as tx:
        accounts.pause(tx, paused, "The login was refused.", datetime.now(UTC))
    found = list(mail.mail(store, KEYS, None))
    failed = of(found, "fail")
    assert any(one.startswith("ada@tulip.example is paused since") for one in failed)
    assert any(one.startswith("bob@tulip.example: ") for one in failed)
    assert len(failed) == 3 and "canary-password" not in str(found)
    assert "dee@tulip.example: 127.0.0.1 lets us in." in of(found, "ok")


def test_a_mailbox_that_is_nearly_full_is_told(store: Store, dovecots: Callable[[Profile], Dovecot]) -> None:
    counting = "protocol imap {\n  mail_plugins = quota imap_quota\n}\n"
    server = dovecots(replace(FULL, name="counting", settings=counting))
    connected(store, server.user("ada@tulip.example"))
    assert not any("full" in one for one in of(list(mail.mail(store, KEYS, None)), "warn"))
    big = b"Subject: big\r\n\r\n" + (b"x" * 98 + b"\r\n") * 990  # 98 KB of 100 as it is kept
    connected(store, server.user("bob@tulip.example", [big]))
    [warned] = [one for one in of(list(mail.mail(store, KEYS, None)), "warn") if "full" in one]
    assert warned.startswith("bob@tulip.example is 9")


def test_a_password_that_the_key_ring_does_not_open_is_told(store: Store, dovecot: Dovecot) -> None:
    connected(store, dovecot.user("ada@tulip.example"))
    other = replace(KEYS, seals=(b"another seal of 32 bytes length!",))
    [failed] = of(list(mail.mail(store, other, None)), "fail")
    assert "opens with no key of the key ring" in failed


def test_no_mailbox_is_a_warning(store: Store) -> None:
    [found] = mail.mail(store, KEYS, None)
    assert (found.level, found.mend) == ("warn", "Run `nightdesk connect`.")


# --- the command -----------------------------------------------------------------------------------


def test_the_command_says_all_of_it_as_one_json_value_and_keeps_its_secrets(
    slack: Sandbox, model_server: ModelServer, laid: Path
) -> None:
    secrets = {"NIGHTDESK_SLEEP_API_KEY": "sk-canary-1", "SLACK_SIGNING_SECRET": "canary-2"}
    tokens = {"SLACK_BOT_TOKEN": BOT_TOKEN, "SLACK_APP_TOKEN": APP_TOKEN, "SLACK_API_BASE_URL": slack.base_url}
    with new_home(laid) as home:
        done = Nightdesk(home, model_settings(model_server) | secrets | tokens).run("doctor", "--json")
        assert done.err == ""
        said = json.loads(done.out)
        assert (done.code, said["ok"]) == (0, True), said
        areas = list(dict.fromkeys(one["area"] for one in said["findings"]))
        assert areas == ["settings", "machine", "keys", "database", "queue", "answers", "slack", "mail", "models"]
        for secret in (*secrets.values(), BOT_TOKEN, APP_TOKEN, "sk-test"):
            assert secret not in done.out
        slack.company.scopes = frozenset(SCOPES) - {"chat:write"}
        done = Nightdesk(home, tokens).run("doctor")
        assert done.code == 2
        assert "fail The scope chat:write is missing" in done.out
        assert "1 thing must be changed" in done.out


def test_a_wrong_setting_and_an_empty_place_are_findings_too(tmp_path: Path) -> None:
    done = Nightdesk(tmp_path, {"NIGHTDESK_ZONE": "Mars/Base"}).run("doctor", "--json")
    assert done.code == 2
    assert "NIGHTDESK_ZONE" in json.loads(done.out)["findings"][0]["what"]
    done = Nightdesk(tmp_path / "nowhere").run("doctor")
    assert done.code == 2 and "nightdesk init" in done.out
    assert not (tmp_path / "nowhere").exists()
