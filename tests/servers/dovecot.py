"""A throw-away Dovecot 2.3: a real mail server for each profile and pytest process, and empty mailboxes for each test.

Every address is a user of it, with one password. A mailbox comes into being when somebody logs in.
"""

import contextlib
import datetime as dt
import email
import grp
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from email.message import EmailMessage, Message
from email.utils import format_datetime, make_msgid
from pathlib import Path
from typing import Any, Literal

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from imapclient import IMAPClient  # type: ignore[import-untyped]

from bot.mail.account import Login

PASSWORD = "correct-horse-battery"
NOON = dt.datetime(2026, 11, 23, 12, 0, tzinfo=dt.UTC)
STANDARD_BOXES = (("Drafts", "\\Drafts"), ("Sent", "\\Sent"), ("Trash", "\\Trash"), ("Archive", "\\Archive"))


@dataclass(frozen=True)
class Profile:
    """How one kind of server behaves. A box is a name with its SPECIAL-USE, or without."""

    name: str
    store: Literal["sdbox", "maildir"] = "maildir"
    separator: str = "/"
    prefix: str = ""
    boxes: tuple[tuple[str, str], ...] = STANDARD_BOXES
    capability: str = ""
    plugins: str = ""
    plugin: tuple[str, ...] = ()
    passwords: str = ""  # lines of a passwd-file, beside the one password of everybody
    introspection: str = ""  # the address that says whose an access token is (RFC 7662)
    settings: str = ""  # lines at the end of the configuration
    rights: str = ""  # lines of a global ACL file; switches the plug-in on


_OLD = "IMAP4rev1 SASL-IR LOGIN-REFERRALS ID LITERAL+ AUTH=PLAIN NAMESPACE"
_PLAIN_BOXES = tuple((name, "") for name in ("Drafts", "Sent Items", "Deleted Items", "Archive"))

STANDARD = Profile("standard", store="sdbox")
MAILDIR = Profile("maildir")
EXCHANGE = Profile("exchange", boxes=_PLAIN_BOXES, capability=f"{_OLD} UIDPLUS UNSELECT CHILDREN IDLE")
GERMAN = Profile("german", boxes=(("Entwürfe", ""), ("Gesendete Elemente", ""), ("Archiv", "")))
COURIER = Profile("courier", separator=".", prefix="INBOX.", boxes=(("Drafts", ""), ("Sent", ""), ("Archive", "")))
OLD = Profile("old", boxes=(("Drafts", ""), ("Sent", "")), capability=_OLD)
FULL = Profile(
    "full", plugins="quota", plugin=("quota = maildir:User quota", "quota_rule = *:storage=100K", "quota_grace = 0")
)
LOCKED = Profile("locked", rights="Drafts owner lrs\nINBOX owner lrwstipekxa\n")
KEEPING = Profile("keeping", rights="Drafts owner lrsip\n")
PROFILES = (STANDARD, MAILDIR, EXCHANGE, GERMAN, COURIER, OLD)

_TOKENS = """
passdb {{
  driver = oauth2
  mechanisms = xoauth2
  args = {d}/oauth2
}}
"""
_INTROSPECTION = """\
introspection_mode = auth
introspection_url = {url}
username_attribute = username
active_attribute = active
active_value = true
"""
_CONFIGURATION = """
base_dir = {d}/run
state_dir = {d}/state
log_path = {d}/dovecot.log
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <{d}/cert.pem
ssl_key = <{d}/key.pem
disable_plaintext_auth = no
auth_mechanisms = plain login xoauth2
auth_failure_delay = 0
default_login_user = {user}
default_internal_user = {user}
default_internal_group = {group}
first_valid_uid = 0
first_valid_gid = 0
mail_location = {store}:~/mail
mail_fsync = never
mail_max_userip_connections = 64
mail_plugins = {plugins}
passdb {{
  driver = static
  args = password={password}
}}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {d}/passwords
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={d}/home/%u
}}
namespace inbox {{
  inbox = yes
  separator = {separator}
  prefix = {prefix}
{boxes}
}}
plugin {{
{plugin}
}}
protocol imap {{
{capability}
}}
service imap-login {{
  chroot =
  process_min_avail = 1
  service_count = 0
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
"""


@dataclass
class Dovecot:
    """What a test does to the server, and to mailboxes as their owner's own mail program would."""

    directory: Path
    profile: Profile
    port: int = 0
    tls_port: int = 0
    _process: subprocess.Popen[bytes] | None = None
    _count: int = field(default=0)

    @property
    def ca(self) -> Path:
        return self.directory / "cert.pem"

    # --- mailboxes ----------------------------------------------------------------------------------

    def user(self, address: str, mails: Iterable[bytes] = (), folder: str = "INBOX") -> Login:
        """The way in for `address`, whose `folder` gets these mails."""
        login = Login(host="127.0.0.1", user=address, password=PASSWORD, port=self.port, security="plain")
        with self.client(address) as client:
            name = self._name(folder)
            for mail in mails:
                client.append(name, mail)
        return login

    def tls(self, login: Login, security: Literal["tls", "starttls"]) -> Login:
        port = self.tls_port if security == "tls" else self.port
        return replace(login, host="localhost", security=security, port=port, ca_file=self.ca)

    def client(self, address: str) -> contextlib.AbstractContextManager[Any]:
        """The person's own mail program, logged in."""
        return mail_program(Login("127.0.0.1", address, PASSWORD, port=self.port))

    def receive(
        self, to: str, subject: str = "Friday?", body: str = "Can you come?", *, folder: str = "INBOX", **headers: str
    ) -> EmailMessage:
        """A new mail in that folder. `In_Reply_To="<…>"` and the like are headers."""
        self._count += 1
        mail = EmailMessage()
        mail["From"] = headers.pop("From", "Bob <bob@partner.example>")
        mail["To"] = to
        mail["Subject"] = subject
        mail["Date"] = format_datetime(NOON + dt.timedelta(minutes=self._count))
        mail["Message-ID"] = headers.pop("Message_ID", make_msgid(domain="partner.example"))
        for name, value in headers.items():
            mail[name.replace("_", "-")] = value
        mail.set_content(body)
        with self.client(to) as client:
            client.append(self._name(folder), mail.as_bytes().replace(b"\n", b"\r\n"))
        return mail

    def mails(self, address: str, folder: str = "INBOX") -> list[Message]:
        """What lies there, oldest first, with its `uid` and `flags` as headers X-Uid and X-Flags."""
        with self.client(address) as client:
            client.select_folder(self._name(folder), readonly=True)
            found = client.fetch(client.search("ALL"), ["BODY.PEEK[]", "FLAGS"])
        mails = []
        for uid, item in sorted(found.items()):
            mail = email.message_from_bytes(item[b"BODY[]"])
            mail["X-Uid"], mail["X-Flags"] = str(uid), b" ".join(item[b"FLAGS"]).decode()
            mails.append(mail)
        return mails

    def fill(self, address: str, mails: Iterable[bytes]) -> int:
        """A great many mails into INBOX, past the server (maildir only); how many bytes that are."""
        inbox = self.directory / "home" / address / "mail"
        for name in ("cur", "new", "tmp"):
            (inbox / name).mkdir(parents=True, exist_ok=True)
        total = 0
        for number, mail in enumerate(mails):
            total += len(mail)
            (inbox / "cur" / f"{1_700_000_000 + number}.M1P1.host,S={len(mail)}:2,").write_bytes(mail)
        for path in (inbox.parent, inbox, *inbox.rglob("*")):
            shutil.chown(path, *_mail_user())
        return total

    def remove(self, address: str, folder: str, uids: list[int]) -> None:
        with self.client(address) as client:
            client.select_folder(self._name(folder))
            client.delete_messages(uids)
            client.expunge()

    def forget_uids(self, address: str) -> None:
        """The UIDs of every folder are given anew under another UIDVALIDITY (maildir only)."""
        for lists in sorted((self.directory / "home" / address / "mail").rglob("dovecot-uidlist")):
            old = int(lists.read_text().split()[1].removeprefix("V"))
            for file in lists.parent.glob("dovecot*"):
                file.unlink()
            lists.write_text(f"3 V{old + 1} N1 G{os.urandom(16).hex()}\n")
            shutil.chown(lists, *_mail_user())

    def _name(self, folder: str) -> str:
        if folder == "INBOX" or folder.startswith(self.profile.prefix or "\0"):
            return folder
        return self.profile.prefix + folder

    # --- the server ---------------------------------------------------------------------------------

    def kick(self, address: str = "*") -> None:
        """End these sessions at once; the server lives on."""
        words = ["doveadm", "-c", str(self.directory / "dovecot.conf"), "kick", address]
        subprocess.run(words, capture_output=True, check=False)

    def kill(self) -> None:
        """As a power cut would."""
        if self._process and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def restart(self) -> None:
        self.kill()
        self.start()

    def start(self) -> None:
        words = ["dovecot", "-F", "-c", str(self.directory / "dovecot.conf")]
        with (self.directory / "dovecot.log").open("ab") as told:
            self._process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=told, start_new_session=True)
        deadline = time.monotonic() + 20
        while not self._greets():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"Dovecot does not start: {self.log()[-2000:]}")
            threading.Event().wait(0.01)

    def _greets(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1) as line:
            line.settimeout(5)
            return line.recv(200).startswith(b"* OK")
        return False

    def log(self) -> str:
        path = self.directory / "dovecot.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def empty(self) -> None:
        """Forget all mailboxes."""
        for home in (self.directory / "home").iterdir():
            shutil.rmtree(home, ignore_errors=True)


@contextlib.contextmanager
def mail_program(login: Login) -> Iterator[Any]:
    """Somebody else's program in the same mailbox, on any server: an imapclient that may do everything."""
    with IMAPClient(login.host, login.port, ssl=False, timeout=20) as client:
        client.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.login(f'"{login.user}"', login.password)
        yield client


@contextlib.contextmanager
def dovecot_running(profile: Profile = STANDARD) -> Iterator[Dovecot]:
    """A server of its own."""
    # Not below tmp_path: paths of sockets are short, and its user must be able to get there.
    with tempfile.TemporaryDirectory(prefix="nd", ignore_cleanup_errors=True) as root:
        server = Dovecot(Path(root), profile, _free_port(), _free_port())
        _lay(server)
        server.start()
        try:
            yield server
        finally:
            server.kill()


def _lay(server: Dovecot) -> None:
    directory, profile = server.directory, server.profile
    directory.chmod(0o755)
    for name in ("run", "state", "home"):
        (directory / name).mkdir()
    user, group = _mail_user()
    shutil.chown(directory / "home", user, group)
    _write_certificate(directory)
    (directory / "passwords").write_text(f"{profile.passwords}\n")
    (directory / "oauth2").write_text(_INTROSPECTION.format(url=profile.introspection))
    (directory / "rights").write_text(profile.rights)
    plugin = [*profile.plugin, *([f"acl = vfile:{directory}/rights"] if profile.rights else [])]
    words = {
        "d": directory, "user": user, "group": group, "uid": pwd.getpwnam(user).pw_uid, "gid": grp.getgrnam(group).gr_gid,
        "store": profile.store, "separator": profile.separator, "prefix": profile.prefix, "password": PASSWORD,
        "plugins": f"{profile.plugins} {'acl' if profile.rights else ''}", "plugin": "\n".join(plugin),
        "boxes": "\n".join(_box(*box) for box in profile.boxes), "port": server.port, "tls_port": server.tls_port,
        "capability": f"imap_capability = {profile.capability}" if profile.capability else "",
    }  # fmt: skip
    tokens = _TOKENS if profile.introspection else ""
    (directory / "dovecot.conf").write_text(f"{tokens}{_CONFIGURATION}".format(**words) + f"\n{profile.settings}\n")


def _box(name: str, use: str) -> str:
    special = f"    special_use = {use}\n" if use else ""
    return f'  mailbox "{name}" {{\n{special}    auto = subscribe\n  }}'


def _mail_user() -> tuple[str, str]:
    """Root's server lends itself to nobody; everybody else's runs as who they are."""
    me = pwd.getpwnam("nobody") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
    return me.pw_name, grp.getgrgid(me.pw_gid).gr_name


def _free_port() -> int:
    """Below those that outgoing connections are given: one of these would have it before the server does."""
    while True:
        port = random.SystemRandom().randrange(12_000, 32_000)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


def _write_certificate(directory: Path) -> None:
    """For `localhost`, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (directory / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (directory / "key.pem").write_bytes(private)


# --- fixtures -------------------------------------------------------------------------------------


def need_dovecot() -> None:
    """Skips where Dovecot 2.3 is not installed; on the machine that checks every change that is a failure."""
    binary = shutil.which("dovecot")
    version = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True).stdout if binary else ""
    if not version.startswith("2.3"):
        reason = f"needs Dovecot 2.3 (apt-get install dovecot-imapd), and finds {version.strip() or 'none'}"
        pytest.fail(reason) if os.environ.get("NIGHTDESK_CI") else pytest.skip(reason)


@pytest.fixture(scope="session")
def dovecots() -> Iterator[Callable[[Profile], Dovecot]]:
    """Servers by profile, each started when first asked for; emptied by who uses them."""
    with contextlib.ExitStack() as stack:
        running: dict[str, Dovecot] = {}

        def of(profile: Profile) -> Dovecot:
            need_dovecot()
            if profile.name not in running:
                running[profile.name] = stack.enter_context(dovecot_running(profile))
            running[profile.name].empty()
            return running[profile.name]

        yield of


@pytest.fixture
def dovecot(dovecots: Callable[[Profile], Dovecot]) -> Dovecot:
    """A Dovecot with empty mailboxes, SPECIAL-USE and maildir."""
    return dovecots(MAILDIR)
