"""Signatures and the safe mode's encryption (developers.weixin.qq.com, "Message encryption and decryption")."""

import base64
import binascii
import hashlib
import hmac
import os
import struct
from collections.abc import Sequence

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from orchestrator.errors import Unauthenticated

BLOCK = 32
CHANCE = 16


def signature(*pieces: str) -> str:
    return hashlib.sha1("".join(sorted(pieces)).encode()).hexdigest()


def check(given: str, *pieces: str) -> None:
    """Raises Unauthenticated."""
    if not hmac.compare_digest(signature(*pieces).encode(), given.lower().encode("utf-8", "replace")):
        raise Unauthenticated("the signature is missing or made with another token; check 'token'")


def sealed(key: bytes, app_id: str, xml: bytes, chance: bytes = b"") -> str:
    """As it travels. `chance` is 16 bytes."""
    text = (chance or os.urandom(CHANCE)) + struct.pack(">I", len(xml)) + xml + app_id.encode()
    pad = BLOCK - len(text) % BLOCK
    encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    return base64.b64encode(encryptor.update(text + bytes([pad]) * pad) + encryptor.finalize()).decode()


def opened(keys: Sequence[bytes], app_id: str, encrypted: str) -> bytes:
    """The XML. Raises Unauthenticated: what was not encrypted for us with our key is not WeChat's."""
    try:
        data = base64.b64decode(encrypted, validate=True)
    except (binascii.Error, ValueError):
        data = b""
    if data and len(data) % 16 == 0:
        for key in keys:
            if (found := unpacked(decrypted(key, data), app_id.encode())) is not None:
                return found
    raise Unauthenticated("the message can't be decrypted for this account; check 'aes_key' and 'app_id'")


def decrypted(key: bytes, data: bytes) -> bytes:
    decryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).decryptor()
    return decryptor.update(data) + decryptor.finalize()


def unpacked(text: bytes, app_id: bytes) -> bytes | None:
    """16 bytes of chance, the length, the XML, the AppID, padding of 1 to 32 bytes."""
    pad = text[-1]
    if not 1 <= pad <= BLOCK or len(text) < CHANCE + 4 + pad:
        return None
    text = text[CHANCE : len(text) - pad]
    (length,) = struct.unpack(">I", text[:4])
    if length > len(text) - 4 or not hmac.compare_digest(text[4 + length :], app_id):
        return None
    return text[4 : 4 + length]
