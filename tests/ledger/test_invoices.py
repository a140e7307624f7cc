import errno
import os
import threading
from pathlib import Path

import pytest

from costopt.errors import LedgerError
from costopt.ledger.invoices import FOLDER, issue, issued, issued_months, path_of

STATE = Path("state")


def names() -> list[str]:
    return sorted(path.name for path in (STATE / FOLDER).iterdir())


def test_an_invoice_is_kept_as_it_is() -> None:
    assert issued(STATE, "acme", "2026-10") is None
    assert issue(STATE, "acme", "2026-10", "Zürich\r\n\x00") == "Zürich\r\n\x00"
    assert issued(STATE, "acme", "2026-10") == "Zürich\r\n\x00"
    assert names() == ["acme-2026-10.json"]


def test_a_second_invoice_of_the_month_changes_nothing() -> None:
    issue(STATE, "acme", "2026-10", "first")

    assert issue(STATE, "acme", "2026-10", "second") == "first"
    assert names() == ["acme-2026-10.json"]


def test_of_many_at_once_one_stays_and_all_are_given_that() -> None:
    given: list[str] = []
    threads = [
        threading.Thread(target=lambda n=n: given.append(issue(STATE, "acme", "2026-10", str(n))))
        for n in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(given) == 20
    assert set(given) == {issued(STATE, "acme", "2026-10")}
    assert names() == ["acme-2026-10.json"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_an_invoice_may_be_read_by_whom_the_system_lets() -> None:
    issue(STATE, "acme", "2026-10", "x")
    Path("plain").touch()

    assert path_of(STATE, "acme", "2026-10").stat().st_mode == Path("plain").stat().st_mode


@pytest.mark.parametrize(
    "tenant",
    [
        "../../etc/passwd",
        "..",
        ".",
        "/",
        "a/b",
        "a\\b",
        "CON",
        "ACME",
        "ünï",
        "x" * 5000,
        "a\x00b",
        "a:b",
        "",
        "~",
        "\ud800",
    ],
)
def test_no_name_of_a_tenant_leaves_the_folder_or_is_taken_for_another(tenant: str) -> None:
    others = ("acme", tenant.lower() + "-", tenant + " ")
    for number, each in enumerate((tenant, *others)):
        issue(STATE, each, "2026-10", str(number))

    assert [issued(STATE, each, "2026-10") for each in (tenant, *others)] == ["0", "1", "2", "3"]
    assert len(names()) == len({name.lower() for name in names()}) == 4
    assert path_of(STATE, tenant, "2026-10").parent == STATE / FOLDER
    assert issued_months(STATE, tenant) == ("2026-10",)


def test_the_months_of_a_tenant_are_in_order_and_no_others() -> None:
    assert issued_months(STATE, "acme") == ()
    for tenant, month in (
        ("acme", "2026-11"),
        ("acme", "2026-09"),
        ("acme-2026", "2026-10"),
        ("acm", "2026-12"),
    ):
        issue(STATE, tenant, month, "x")
    (STATE / FOLDER / "acme-notes.json").touch()

    assert issued_months(STATE, "acme") == ("2026-09", "2026-11")
    assert issued_months(STATE, "acme-2026") == ("2026-10",)


@pytest.mark.parametrize("step", ["fsync", "link"])
def test_a_full_disk_leaves_no_invoice(monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, step, fail)
    with pytest.raises(LedgerError) as caught:
        issue(STATE, "acme", "2026-10", "x")

    assert caught.value.message == "Cannot write `state/invoices/acme-2026-10.json`: No space left on device"
    assert caught.value.hint == "make room on the disk, then run this again"
    assert names() == []


def test_a_folder_that_cannot_be_flushed_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = os.open

    def refuse(path: str, *rest: int) -> int:
        if Path(path).is_dir():
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        return opened(path, *rest)

    monkeypatch.setattr(os, "open", refuse)

    assert issue(STATE, "acme", "2026-10", "x") == "x"


def test_a_state_that_is_no_folder_is_an_error() -> None:
    Path("file").touch()

    for attempt in (
        lambda: issue(Path("file"), "acme", "2026-10", "x"),
        lambda: issued(Path("file"), "acme", "2026-10"),
        lambda: issued_months(Path("file"), "acme"),
    ):
        with pytest.raises(LedgerError) as caught:
            attempt()
        assert caught.value.hint == "check the path and its permissions"


def test_what_is_not_utf_8_is_an_error() -> None:
    issue(STATE, "acme", "2026-10", "x")
    path_of(STATE, "acme", "2026-10").write_bytes(b"\xff")

    with pytest.raises(LedgerError, match="is not UTF-8"):
        issued(STATE, "acme", "2026-10")
