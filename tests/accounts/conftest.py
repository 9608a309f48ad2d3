"""What tests of signing in share."""

import base64
import hashlib
import hmac
import struct
import time
from collections.abc import Iterator

import pytest
from django.core.cache import cache


@pytest.fixture(autouse=True)
def nothing_tried_before() -> Iterator[None]:
    """Forget earlier attempts to sign in, which are counted in the cache."""
    cache.clear()
    yield
    cache.clear()


def one_time_code(secret: str) -> str:
    """Return what an authenticator app shows now for a secret (RFC 6238: SHA-1, 30 seconds, six digits)."""
    counter = struct.pack(">Q", int(time.time()) // 30)
    digest = hmac.new(base64.b32decode(secret), counter, hashlib.sha1).digest()
    offset = digest[-1] & 0xF
    number = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"
