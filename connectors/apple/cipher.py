"""Attachments' own encryption: AES-256 in counter mode from zero, a key used once (as Apple's samples do it)."""

import binascii
import os

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from orchestrator.errors import Malformed

START = b"\0" * 16
MARK = "00"
"""Before the hexadecimal key: the version of the scheme."""


def encrypted(data: bytes) -> tuple[bytes, str]:
    """The bytes, and the key as messages carry it."""
    key = os.urandom(32)
    return applied(key, data), MARK + key.hex()


def decrypted(data: bytes, key: str) -> bytes:
    """Raises Malformed."""
    try:
        found = binascii.unhexlify(key.removeprefix(MARK) if len(key) == 66 else key)
    except (binascii.Error, ValueError):
        found = b""
    if len(found) != 32:
        raise Malformed("an attachment's key is not 256 bits in hexadecimal")
    return applied(found, data)


def applied(key: bytes, data: bytes) -> bytes:
    """Encrypting and decrypting are the same."""
    step = Cipher(algorithms.AES(key), modes.CTR(START)).encryptor()
    return step.update(data) + step.finalize()
