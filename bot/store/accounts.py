"""Connected mailboxes: how to reach them, how far they were read, and where our drafts lie in them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from psycopg.types.json import Jsonb

from bot import observe
from bot.store import seal
from bot.store.db import Row, Tx
from graphs.domain import Draft

Role = Literal["inbox", "sent", "drafts"]
Security = Literal["tls", "starttls", "plain"]


@dataclass(frozen=True)
class Server:
    """Where a mailbox is. Port 0 is the usual one; `folders` are those that a person named: role to folder."""

    host: str
    login: str
    port: int = 0
    security: Security = "tls"
    folders: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Connected:
    """A mailbox that is connected."""

    scope: int
    server: Server
    sealed: bytes
    state: Literal["ok", "paused"]
    problem: str
    since: datetime
    retry_at: datetime | None
    synced_at: datetime | None


@dataclass(frozen=True)
class Read:
    """How far one mailbox was read; `uidnext` and `messages` as the server told them then."""

    name: str
    role: Role
    uidvalidity: int
    last_uid: int = 0
    uidnext: int = 0
    messages: int = 0


@dataclass(frozen=True)
class Filed:
    """A draft with where it lies. `begun_at`: since when it is not known whether it does."""

    draft: Draft
    state: str
    mail: bytes
    uidvalidity: int | None
    uidnext: int | None
    uid: int | None
    begun_at: datetime | None
    stands: bytes | None  # sha256 of the bytes that the server gave back right after our APPEND
    problem: str


def identity(scope: int) -> str:
    """What a sealed password is bound to."""
    return f"account/{scope}"


def connect(tx: Tx, keys: Sequence[bytes], scope: int, server: Server, password: str) -> None:
    """Connects a mailbox, or connects it again."""
    secret = seal.seal(keys, identity(scope), password.encode())
    tx.run(
        "put_account_login", scope=scope, host=server.host, port=server.port, security=server.security,
        login=server.login, secret=secret, folders=Jsonb(dict(server.folders)),
    )  # fmt: skip


def password(keys: Sequence[bytes], account: Connected) -> str:
    return seal.unseal(keys, identity(account.scope), account.sealed).decode()


def reseal(tx: Tx, keys: Sequence[bytes], account: Connected) -> None:
    """Under the first key of the ring."""
    plain = seal.unseal(keys, identity(account.scope), account.sealed)
    tx.run("reseal_account", scope=account.scope, secret=seal.seal(keys, identity(account.scope), plain))


def get(tx: Tx, scope: int) -> Connected | None:
    row = tx.one("account_login", scope=scope)
    if row is None:
        return None
    server = Server(row["host"], row["login"], row["port"], row["security"], row["folders"])
    return Connected(
        scope,
        server,
        bytes(row["secret"]),
        row["state"],
        row["problem"],
        row["since"],
        row["retry_at"],
        row["synced_at"],
    )


def hosts(tx: Tx) -> dict[str, str]:
    """The host of each connected mailbox that the audience may read, by its address."""
    return {row["key"].removeprefix("account:"): row["host"] for row in tx.all("account_hosts")}


def everywhere(tx: Tx) -> list[Row]:
    """`{scope_id, state, retry_at, synced_at}` of every connected mailbox; any transaction may ask."""
    return tx.all("connected")


def pause(tx: Tx, scope: int, problem: str, now: datetime) -> bool:
    """Stops reading until a person acted; True the first time."""
    return bool(tx.run("account_paused", scope=scope, problem=problem, now=now))


def wait(tx: Tx, scope: int, until: datetime) -> None:
    tx.run("account_waits", scope=scope, until=until)


def synced(tx: Tx, scope: int, now: datetime) -> None:
    tx.run("account_synced", scope=scope, now=now)


def disconnect(tx: Tx) -> None:
    """The password goes, and every word that came from the mailbox whose transaction this is, with what leaned on it."""
    tx.all("empty_account")


# --- how far it was read --------------------------------------------------------------------------


def mailboxes(tx: Tx, scope: int) -> dict[str, Read]:
    """By folder name."""
    rows = tx.all("mailboxes", scope=scope)
    return {
        r["name"]: Read(r["name"], r["role"], r["uidvalidity"], r["last_uid"], r["uidnext"], r["messages"])
        for r in rows
    }


def put_mailbox(tx: Tx, scope: int, read: Read) -> None:
    tx.run(
        "put_mailbox", scope=scope, name=read.name, role=read.role, uidvalidity=read.uidvalidity, last_uid=read.last_uid,
        uidnext=read.uidnext, messages=read.messages,
    )  # fmt: skip


def renumbered(tx: Tx, scope: int, name: str) -> None:
    tx.run("forget_uids", scope=scope, name=name)


def uids(tx: Tx, scope: int, name: str) -> dict[int, str]:
    """Key of the message behind each known UID; '' for one that is not kept."""
    return {row["uid"]: row["key"] for row in tx.all("uids", scope=scope, name=name)}


def put_uids(tx: Tx, scope: int, name: str, keys: Mapping[int, str]) -> None:
    tx.run("put_uids", scope=scope, name=name, uids=list(keys), keys=list(keys.values()))


def drop_uids(tx: Tx, scope: int, name: str, gone: Iterable[int]) -> None:
    tx.run("drop_uids", scope=scope, name=name, uids=list(gone))


def unplaced(tx: Tx, scope: int, keys: Sequence[str]) -> frozenset[str]:
    """Of `keys` those that stand in the store and in no mailbox."""
    return frozenset(row["key"] for row in tx.all("unplaced_keys", scope=scope, keys=list(keys)))


def placed(tx: Tx, scope: int, ids: Sequence[str]) -> frozenset[str]:
    """Of these Message-IDs those that lie in some mailbox."""
    return frozenset(row["id"] for row in tx.all("placed_ids", scope=scope, ids=list(ids)))


def ids_of(tx: Tx, scope: int, keys: Sequence[str]) -> dict[str, str]:
    """Message-ID by key."""
    return {row["key"]: row["id"] for row in tx.all("ids_of_keys", scope=scope, keys=list(keys))}


def answered(tx: Tx, scope: int, role: Role, ids: Sequence[str]) -> dict[str, datetime]:
    """Which of these Message-IDs a mail in Sent (or in another mailbox) answers, and when the last one did."""
    return {row["id"]: row["at"] for row in tx.all("replies_known", scope=scope, role=role, ids=list(ids))}


# --- the ledger of drafts -------------------------------------------------------------------------


def ledger(tx: Tx, scope: int, account: str) -> list[Filed]:
    """Drafts of one account that may lie in its Drafts or should; the transaction is the owner's."""
    return [_filed(row) for row in tx.all("ledger", scope=scope, account=account)]


def begin_append(tx: Tx, scope: int, draft: Draft, uidvalidity: int, uidnext: int, now: datetime) -> bool:
    """Commits the intent; False when it is not wanted any more or begun already."""
    return bool(tx.run("begin_append", scope=scope, **_key(draft), uidvalidity=uidvalidity, uidnext=uidnext, now=now))


def moot(tx: Tx, scope: int, draft: Draft, now: datetime) -> bool:
    """Somebody answered: a draft that nobody touched is withdrawn. From Drafts it is taken out after the quarantine. False
    when it was over before."""
    return bool(tx.run("moot_draft", scope=scope, **_key(draft), now=now))


def not_appended(tx: Tx, scope: int, draft: Draft, problem: str = "") -> None:
    tx.run("not_appended", scope=scope, **_key(draft), problem=problem)
    tx.run("forget_draft", scope=scope, **_key(draft))


def appended(tx: Tx, scope: int, draft: Draft, uidvalidity: int, uid: int, stands: bytes, now: datetime) -> None:
    tx.run("appended", scope=scope, **_key(draft), uidvalidity=uidvalidity, uid=uid, stands=stands, now=now)


def gone(tx: Tx, scope: int, draft: Draft, state: str, problem: str = "") -> None:
    """It no longer lies where we put it; `state` says what became of it."""
    tx.run("draft_gone", scope=scope, **_key(draft), state=state, problem=problem)
    tx.run("forget_draft", scope=scope, **_key(draft))
    observe.count("drafts", state=state)


def missed(tx: Tx, scope: int, draft: Draft, now: datetime) -> None:
    """Not there just now; whether it was sent or thrown away shows in a while."""
    tx.run("draft_missed", scope=scope, **_key(draft), now=now)


def _key(draft: Draft) -> dict[str, str]:
    return {"account": draft.account, "answers": draft.in_reply_to}


def _filed(row: Row) -> Filed:
    return Filed(
        Draft.model_validate(row["value"]), row["state"], bytes(row["mail"]), row["uidvalidity"], row["uidnext"],
        row["uid"], row["begun_at"], None if row["stands"] is None else bytes(row["stands"]), row["problem"],
    )  # fmt: skip
