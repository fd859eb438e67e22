"""An environment of the peers' own, made once from `requirements.txt`: nothing of it comes into this project's."""

import subprocess
import sys
from hashlib import sha256
from pathlib import Path

from tests.bench.measure import say

LOCK = Path(__file__).with_name("requirements.txt")


def python(folder: Path) -> Path:
    """The interpreter of the peers' environment, in a folder named after what the lock says; made where it is not there.

    Raises `subprocess.CalledProcessError` where the packages cannot be had.
    """
    home = folder / sha256(LOCK.read_bytes()).hexdigest()[:12]
    found = home / "bin" / "python"
    if not (home / "ready").exists():
        run = [sys.executable, "-m"]
        subprocess.run([*run, "venv", "--clear", "--without-pip", str(home)], check=True)
        # The lock leaves out one provider's client that langmem asks for and nothing here imports: hence --no-deps.
        install = ["--quiet", "--no-deps", "--require-hashes", "--requirement", str(LOCK)]
        if subprocess.run([*run, "uv", "pip", "install", "--python", str(found), *install], check=False).returncode:
            say("uv did not manage; pip does it, which takes a minute.")
            subprocess.run([*run, "pip", "--python", str(found), "install", *install], check=True)
        (home / "ready").touch()
    return found
