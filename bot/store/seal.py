"""Secrets at rest: AES-256-GCM with the identity of the row bound in, so that a sealed value moved to another row is refused."""

import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from graphs.errors import NeedsPerson

NONCE = 12


def seal(keys: Sequence[bytes], identity: str, plain: bytes) -> bytes:
    """Sealed with the first key of the ring. `identity` names table and row, as in `account/17`."""
    nonce = os.urandom(NONCE)
    return nonce + AESGCM(keys[0]).encrypt(nonce, plain, identity.encode())


def unseal(keys: Sequence[bytes], identity: str, sealed: bytes) -> bytes:
    """Raises `NeedsPerson` when no key of the ring opens it for this row."""
    for key in keys:
        try:
            return AESGCM(key).decrypt(sealed[:NONCE], sealed[NONCE:], identity.encode())
        except (InvalidTag, ValueError):  # ValueError: too short to hold a nonce
            continue
    raise NeedsPerson(
        f"What is sealed for {identity} opens with no key of the key ring: restore the ring from its backup."
    )
