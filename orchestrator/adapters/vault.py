"""Settings of registered bots and stored channels, encrypted at rest: AES-256-GCM, bound to the row they stand in."""

import binascii
import hmac
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from functools import cached_property

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from orchestrator.errors import Misconfigured

VERSION = "v1."
NONCE = 12
PURPOSE = b"parley-bots-at-rest-1"
"""Keeps these keys apart from whatever else is made of the same secret."""


class AesVault:
    """The first key seals, every one opens: to change it put the new one first, and the old one behind it.

    GCM is given a random nonce of 96 bits: good for 2**32 texts under one key (NIST SP 800-38D 8.3).
    """

    def __init__(self, keys: Callable[[], Sequence[str]]) -> None:
        self.keys = keys

    @cached_property
    def ciphers(self) -> Sequence[AESGCM]:
        """The keys are asked for when they are first needed: a key that nothing is kept with is not made."""
        return [AESGCM(hmac.digest(key.encode(), PURPOSE, "sha256")) for key in self.keys()]

    def seal(self, text: str, place: str) -> str:
        nonce = os.urandom(NONCE)
        sealed = self.ciphers[0].encrypt(nonce, text.encode(), place.encode())
        return VERSION + urlsafe_b64encode(nonce + sealed).decode()

    def open(self, sealed: str, place: str) -> str:
        try:
            data = urlsafe_b64decode(sealed.removeprefix(VERSION).encode())
        except (binascii.Error, ValueError):
            data = b""
        for cipher in self.ciphers if sealed.startswith(VERSION) and len(data) > NONCE else ():
            try:
                return cipher.decrypt(data[:NONCE], data[NONCE:], place.encode()).decode()
            except InvalidTag:
                continue
        raise Misconfigured(
            f"{place}: its settings can't be decrypted: registry.key is not the one they were kept with; "
            "give the old key too (it may be a list), or bring its settings again"
        )
