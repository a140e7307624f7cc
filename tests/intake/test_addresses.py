import pytest

from costopt.intake.addresses import displayed, is_url, without_secrets


@pytest.mark.parametrize("text", ["s3://bucket/a.jsonl", "HTTPS://host/a", "memory://a", "abfs+x.y-z://a"])
def test_what_begins_with_a_protocol_is_a_url(text: str) -> None:
    assert is_url(text)


@pytest.mark.parametrize(
    "text", ["logs/a.jsonl", "-", "c://a", "C:\\logs", "/a://b", "a b://c", "2026://x", "://"]
)
def test_what_begins_otherwise_is_a_path(text: str) -> None:
    assert not is_url(text)
    assert displayed(text) == text


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://host/a.jsonl", "https://host/a.jsonl"),
        ("https://host:8443/a@b/c.jsonl", "https://host:8443/a@b/c.jsonl"),
        ("https://[::1]:8443/a.jsonl", "https://[::1]:8443/a.jsonl"),
        ("https://host/*.jsonl", "https://host/*.jsonl"),
        ("https://u:secret@host/a.jsonl", "https://host/a.jsonl"),
        ("https://secret@host/a.jsonl", "https://host/a.jsonl"),
        ("https://u:sec@ret@host/a.jsonl", "https://host/a.jsonl"),
        ("https://u:sec/ret@host/a.jsonl", "https://…"),
        ("https://u:sec?ret@host/a.jsonl", "https://…"),
        ("https://u:sec#ret@host/a.jsonl", "https://…"),
        ("https://host/a.jsonl?X-Amz-Signature=secret", "https://host/a.jsonl"),
        ("https://host/a.jsonl?secret", "https://host/a.jsonl"),
        ("https://host/a.jsonl#secret", "https://host/a.jsonl"),
        ("https://host?secret", "https://host"),
        ("s3://bucket/2026-10-0?.jsonl", "s3://bucket/2026-10-0?.jsonl"),
        ("s3://bucket/a.jsonl?versionId=secret", "s3://bucket/a.jsonl"),
        ("s3://key:secret@bucket/a.jsonl", "s3://bucket/a.jsonl"),
        ("s3://bucket/a@b.jsonl", "s3://bucket/a@b.jsonl"),
        ("az://container/a.jsonl?sv=1&sig=secret", "az://container/a.jsonl"),
        (
            "abfs://container@account.dfs.core.windows.net/a",
            "abfs://container@account.dfs.core.windows.net/a",
        ),
        ("abfs://u:secret@account/a", "abfs://account/a"),
        ("sftp://u:secret@host/a.jsonl", "sftp://host/a.jsonl"),
        ("zip://a.jsonl::https://u:secret@host/a.zip", "zip://a.jsonl::https://host/a.zip"),
        ("zip://a.jsonl::https://host/a.zip?secret", "zip://a.jsonl::https://host/a.zip"),
    ],
)
def test_a_url_is_shown_without_what_is_secret(url: str, shown: str) -> None:
    assert displayed(url) == shown


def test_a_message_is_shown_without_what_is_secret_in_its_urls() -> None:
    message = "403, url='https://host/a?sig=secret' after s3://u:secret@bucket/b (no url: a@b?c=d)"

    assert without_secrets(message) == "403, url='https://host/a' after s3://bucket/b (no url: a@b?c=d)"
