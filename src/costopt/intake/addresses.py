"""URLs: told from paths, and shown without what is secret in them."""

import re
from typing import Final
from urllib.parse import urlsplit

_URL: Final = re.compile(r"([a-z][a-z0-9+.-]+)://", re.IGNORECASE)
_URL_IN_TEXT: Final = re.compile(r"[a-z][a-z0-9+.-]+://[^\s'\"`<>]+", re.IGNORECASE)
_USER: Final = re.compile(r"(?<=://)[^/]*@")
_CONTAINER: Final = re.compile(r"(?<=://)[^/:@]+@")
_WEB: Final = ("http", "https")
_AZURE: Final = ("abfs", "abfss", "az", "wasb", "wasbs")


def is_url(text: str) -> bool:
    """Whether the text begins like `s3://`."""
    return _URL.match(text) is not None


def protocol_of(url: str) -> str:
    """What stands before `://`, in lower case."""
    return url.partition("://")[0].lower()


def is_web(url: str) -> bool:
    """Whether it is of HTTP: then it can have a query, and no glob's `?`."""
    return protocol_of(url) in _WEB


def displayed(text: str) -> str:
    """A URL as it may be shown: without user, password and query, for that can be a signature; a path as it is."""
    if not is_url(text):
        return text
    address, _, query = text.partition("?")
    if is_web(text):
        address = address.partition("#")[0]
        if _is_malformed(address):
            return f"{protocol_of(text)}://…"
    elif "=" not in query and "::" not in query + address:
        address = text  # a glob's
    if protocol_of(text) in _AZURE and _CONTAINER.search(address):
        return address
    return _USER.sub("", address)


def without_secrets(text: str) -> str:
    """A message with every URL in it as it may be shown."""
    return _URL_IN_TEXT.sub(lambda found: displayed(found[0]), text)


def _is_malformed(address: str) -> bool:
    """Whether the host is not what it seems: `user:pa/ss@host`."""
    try:
        _ = urlsplit(address).port
    except ValueError:
        return True
    return False
