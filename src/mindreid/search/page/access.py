"""Who may look: whoever has the token."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Optional

from mindreid.errors import InvalidArgumentError
from mindreid.text_files import read_text_file

#: Least letters of a token that a user chooses.
TOKEN_LETTERS = 16
COOKIE = "mindreid_token"
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Access:
    """A token and what is compared with it.

    Parameters
    ----------
    token : str, optional
        Printable ASCII without blanks or semicolons; by default a random one.

    Raises
    ------
    InvalidArgumentError
        If it is short, or has other letters.
    """

    def __init__(self, token: Optional[str] = None) -> None:
        self.token = secrets.token_urlsafe(24) if token is None else token
        allowed = (
            self.token.isascii() and self.token.isprintable() and not set(self.token) & set(' ;,"\\&#?+%=')
        )
        if len(self.token) < TOKEN_LETTERS or not allowed:
            raise InvalidArgumentError(
                f"a token has at least {TOKEN_LETTERS} letters, digits, hyphens or underscores"
            )

    def is_right(self, token: str) -> bool:
        """Compare, in a time that tells nothing of where a wrong token differs."""
        return hmac.compare_digest(token.encode("utf-8", "surrogateescape"), self.token.encode())

    def may_look(self, headers: Mapping[str, str], cookies: Mapping[str, str]) -> bool:
        """Whether a request carries the token, as ``Authorization: Bearer TOKEN`` or as its cookie."""
        kind, _, given = headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer":
            return self.is_right(given.strip())
        return self.is_right(cookies.get(COOKIE, ""))


def access_for(host: str, token_file: Optional[Path]) -> Access:
    """Return the access to a page at an address.

    Raises
    ------
    InvalidArgumentError
        If others than this machine can reach the address and nobody has chosen a token for it.
    """
    if token_file is not None:
        return Access(read_text_file(token_file).strip())
    if host not in _LOOPBACK:
        raise InvalidArgumentError(
            f"others than this machine can reach {host}: the page shows people",
            fix="write a token of your own to a file that only you can read, and pass --token-file FILE",
        )
    return Access()
