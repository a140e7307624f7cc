import pytest

from costopt.errors import SourceError
from costopt.intake.remote_errors import CutOffError, explained, passes


class ClientError(Exception):
    """As AWS's packages raise it."""

    def __init__(self, status: int) -> None:
        super().__init__("an error occurred")
        self.response = {"ResponseMetadata": {"HTTPStatusCode": status}}


class HttpResponseError(Exception):
    """As Azure's packages raise it."""

    def __init__(self, status: int) -> None:
        super().__init__("an error occurred")
        self.status_code = status


class RequestsError(Exception):
    """As packages on `requests` raise it."""

    def __init__(self, status: int) -> None:
        super().__init__("an error occurred")
        self.response = HttpResponseError(status)


class EndpointConnectionError(Exception):
    """As AWS's packages raise it."""


class NoCredentialsError(Exception):
    """As AWS's packages raise it."""


def told(error: Exception, url: str = "s3://bucket/a.jsonl", shown: str | None = None) -> tuple[str, str]:
    with pytest.raises(SourceError) as caught, explained(url, shown or url):
        raise error
    return caught.value.message, caught.value.hint


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (FileNotFoundError("bucket/a.jsonl"), "No such file: `s3://bucket/a.jsonl`"),
        (caused(OSError(22, "?"), ClientError(404)), "No such file: `s3://bucket/a.jsonl`"),
        (PermissionError("Forbidden"), "access is denied"),
        (caused(PermissionError("Forbidden"), ClientError(403)), "access is denied (HTTP status 403)"),
        (caused(FileNotFoundError("a"), HttpResponseError(401)), "access is denied (HTTP status 401)"),
        (RequestsError(403), "access is denied (HTTP status 403)"),
        (NoCredentialsError("Unable to locate credentials"), "access is denied"),
        (ClientError(503), "the server is too busy, or broken (HTTP status 503)"),
        (TimeoutError(), "the server does not answer in time"),
        (EndpointConnectionError("Could not connect"), "no connection to the server"),
        (ConnectionRefusedError(111, "?"), "no connection to the server"),
        (ConnectionResetError(104, "?"), "the connection was cut before the end of the file"),
        (CutOffError(), "the connection was cut before the end of the file"),
        (ClientError(418), "ClientError: an error occurred"),
        (ValueError("no account\nat all"), "ValueError: no account"),
        (ValueError(), "ValueError"),
        (ValueError("see https://host/a?sig=secret"), "ValueError: see https://host/a"),
    ],
)
def test_every_error_is_told_in_words(error: Exception, message: str) -> None:
    said, hint = told(error)

    assert said in (message, f"Cannot read `s3://bucket/a.jsonl`: {message}")
    assert hint


@pytest.mark.parametrize(
    ("url", "hint"),
    [
        ("s3://bucket/a", "credentials are those of the AWS SDK"),
        ("gs://bucket/a", "credentials are those of Google Cloud"),
        ("az://bucket/a", "set AZURE_STORAGE_ACCOUNT_NAME"),
        ("https://host/a", "a signed address may have expired"),
        ("sftp://host/a", "credentials are the usual ones of the package"),
    ],
)
def test_where_credentials_come_from_is_said(url: str, hint: str) -> None:
    assert told(PermissionError(), url)[1].startswith(hint)
    assert told(ValueError("no account"), url)[1].startswith(hint)


def test_an_unknown_error_tells_nothing_of_a_secret_url() -> None:
    error = ValueError("bad signature secret in /a.jsonl?sig=secret")

    message, _ = told(error, "https://host/a.jsonl?sig=secret", "https://host/a.jsonl")

    assert message == "Cannot read `https://host/a.jsonl`: ValueError"


def test_an_error_that_is_told_already_is_left_alone() -> None:
    error = SourceError("what", hint="why")

    with pytest.raises(SourceError) as caught, explained("s3://bucket/a", "s3://bucket/a"):
        raise error

    assert caught.value is error


@pytest.mark.parametrize("error", [TimeoutError(), ConnectionResetError(), CutOffError(), ClientError(503)])
def test_some_trouble_passes(error: Exception) -> None:
    assert passes(error)


@pytest.mark.parametrize(
    "error",
    [PermissionError(), FileNotFoundError(), ConnectionRefusedError(), ValueError(), ClientError(404)],
)
def test_other_trouble_stays(error: Exception) -> None:
    assert not passes(error)
