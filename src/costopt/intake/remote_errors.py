"""What can go wrong with a remote file, in words: by HTTP status and by the names of the packages' exceptions."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from costopt.errors import SourceError
from costopt.intake.addresses import displayed, protocol_of, without_secrets


class CutOffError(Exception):
    """Fewer bytes came than the file has."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """One kind of it.

    Attributes:
        reason: What happened.
        hint: What to do; empty where it depends on whose server it is.
        statuses: The HTTP statuses that say so.
        names: The exceptions that say so, of whatever package.
        passes: Whether it may be gone a moment later.
    """

    reason: str
    hint: str
    statuses: frozenset[int] = frozenset()
    names: frozenset[str] = frozenset()
    passes: bool = False


_MISSING: Final = Trouble(
    "no such file",
    "check the address; a directory ends in `/`, and a glob is put in quotes",
    frozenset({404, 410}),
    frozenset({"FileNotFoundError", "NotADirectoryError", "ResourceNotFoundError"}),
)
_KINDS: Final = (
    Trouble(
        "access is denied",
        "",
        frozenset({401, 403, 407}),
        frozenset(
            {
                "PermissionError",
                "NoCredentialsError",
                "PartialCredentialsError",
                "DefaultCredentialsError",
                "RefreshError",
                "ClientAuthenticationError",
            }
        ),
    ),
    _MISSING,
    Trouble(
        "the server is too busy, or broken",
        "try again later",
        frozenset({429, 500, 502, 503, 504}),
        passes=True,
    ),
    Trouble(
        "the server does not answer in time",
        "try again later, or download the file first",
        names=frozenset({"TimeoutError", "ConnectTimeoutError", "ReadTimeoutError"}),
        passes=True,
    ),
    Trouble(
        "there is no such host",
        "check the address and the network",
        names=frozenset({"gaierror", "ClientConnectorDNSError"}),
    ),
    Trouble(
        "the server's certificate is not trusted",
        "set SSL_CERT_FILE to the certificates of your own network, if it has any",
        names=frozenset({"SSLCertVerificationError", "ClientConnectorCertificateError", "SSLError"}),
    ),
    Trouble(
        "the connection was cut before the end of the file",
        "try again, or download the file first",
        names=frozenset(
            {
                "CutOffError",
                "ClientPayloadError",
                "ServerDisconnectedError",
                "ConnectionResetError",
                "ConnectionAbortedError",
                "BrokenPipeError",
                "IncompleteReadError",
                "ResponseStreamingError",
            }
        ),
        passes=True,
    ),
    Trouble(
        "no connection to the server",
        "check the address and the network",
        names=frozenset({"ConnectionRefusedError", "ClientConnectorError", "EndpointConnectionError"}),
    ),
)

_AWS: Final = (
    "credentials are those of the AWS SDK: its environment variables, ~/.aws, or the machine's role; "
    "for a public bucket set FSSPEC_S3_ANON=true"
)
_GOOGLE: Final = (
    "credentials are those of Google Cloud: `gcloud auth application-default login`, "
    "GOOGLE_APPLICATION_CREDENTIALS, or the machine's role"
)
_AZURE: Final = (
    "set AZURE_STORAGE_ACCOUNT_NAME, and AZURE_STORAGE_ACCOUNT_KEY or AZURE_STORAGE_SAS_TOKEN, "
    "or log in with `az login`"
)
_HTTP: Final = "a signed address may have expired; user and password can stand in ~/.netrc"
_CREDENTIALS: Final = {
    "s3": _AWS,
    "s3a": _AWS,
    "gs": _GOOGLE,
    "gcs": _GOOGLE,
    "az": _AZURE,
    "abfs": _AZURE,
    "abfss": _AZURE,
    "http": _HTTP,
    "https": _HTTP,
}
_STATUS: Final = ("status", "status_code", "code")
_ANY_CREDENTIALS: Final = "credentials are the usual ones of the package that reads this protocol"


@contextmanager
def explained(url: str, shown: str) -> Iterator[None]:
    """Whatever a remote file system raises becomes a `SourceError`: each package has exceptions of its own.

    Args:
        url: Where the file is; what is secret in it is not told.
        shown: The same, as it may be shown.
    """
    try:
        yield
    except SourceError:
        raise
    except Exception as error:
        raise _told(error, url, shown) from error


def passes(error: Exception) -> bool:
    """Whether it is worth trying again."""
    kind = _kind(error)
    return kind is not None and kind[0].passes


def _told(error: Exception, url: str, shown: str) -> SourceError:
    credentials = _CREDENTIALS.get(protocol_of(url), _ANY_CREDENTIALS)
    found = _kind(error)
    if found is None:
        reason = type(error).__name__
        first = without_secrets(str(error)).strip().partition("\n")[0]
        if first and displayed(url) == url:  # parts of a URL with a secret can stand in it anyhow
            reason = f"{reason}: {first}"
        return SourceError(f"Cannot read `{shown}`: {reason}", hint=credentials)
    kind, status = found
    if kind is _MISSING:
        return SourceError(f"No such file: `{shown}`", hint=kind.hint)
    said = f" (HTTP status {status})" if status else ""
    return SourceError(f"Cannot read `{shown}`: {kind.reason}{said}", hint=kind.hint or credentials)


def _kind(error: Exception) -> tuple[Trouble, int | None] | None:
    """The kind of the innermost cause that is known, and its status."""
    for cause in reversed(list(_causes(error))):
        status = _status(cause)
        names = {each.__name__ for each in type(cause).__mro__}
        for kind in _KINDS:
            if status in kind.statuses:
                return kind, status
            if names & kind.names:
                return kind, None
    return None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def _status(error: BaseException) -> int | None:
    """The HTTP status, where the packages keep it."""
    response = getattr(error, "response", None)
    if isinstance(response, dict):  # as AWS's packages keep it
        said = iter([response.get("ResponseMetadata", {}).get("HTTPStatusCode")])
    else:
        said = (getattr(each, name, None) for each in (error, response) for name in _STATUS)
    return next((status for status in said if isinstance(status, int)), None)
