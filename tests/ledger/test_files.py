import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from costopt.errors import LedgerError
from costopt.ledger.files import add, default_state, replace, sync_folder, told, writing


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have folders of their own")
def test_state_lives_in_the_platforms_data_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", "/somewhere")

    assert default_state() == Path("/somewhere/costopt")


def test_a_state_folder_is_made() -> None:
    with writing(Path("a/b")):
        assert Path("a/b").is_dir()


def test_only_one_writes_at_a_time() -> None:
    with (
        writing(Path("state")),
        pytest.raises(
            LedgerError, match=r"Another process has been writing `state/x.json` for 0.05 s"
        ) as raised,
        writing(Path("state"), "x.json", timeout=0),
        writing(Path("state"), "x.json", timeout=0.05),
    ):
        pass
    assert raised.value.hint == "run this again when it has finished"


def test_the_right_to_write_ends_with_the_block_however_it_ends() -> None:
    with pytest.raises(ZeroDivisionError), writing(Path("state")):
        _ = 1 / 0
    with writing(Path("state"), timeout=0):
        pass


def test_a_folder_that_is_a_file_cannot_be_written() -> None:
    Path("state").write_text("", encoding="utf-8")

    with pytest.raises(LedgerError, match="Cannot write `state`"), writing(Path("state")):
        pass


@pytest.mark.parametrize(
    ("number", "hint"),
    [
        (errno.ENOSPC, "make room on the disk, then run this again"),
        (errno.EACCES, "check the path and its permissions"),
    ],
)
def test_an_error_of_the_system_comes_with_what_to_do(number: int, hint: str) -> None:
    with pytest.raises(LedgerError, match=r"Cannot read `x`: ") as raised, told(Path("x"), "read"):
        raise OSError(number, os.strerror(number))
    assert raised.value.hint == hint


def full(_handle: int) -> None:
    raise OSError(errno.ENOSPC, "full")


@pytest.mark.parametrize(("write", "name"), [(replace, "x"), (add, "y")])
def test_a_file_is_replaced_or_added_as_a_whole_or_not_at_all(
    monkeypatch: pytest.MonkeyPatch, write: Callable[[Path, bytes], None], name: str
) -> None:
    write(Path("x"), b"old")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="full"):
        write(Path(name), b"new")

    assert Path("x").read_bytes() == b"old"
    assert os.listdir() == ["x"]  # noqa: PTH208 - names are shorter to compare


def test_what_is_added_replaces_nothing() -> None:
    add(Path("x"), b"first")
    add(Path("x"), b"second")

    assert Path("x").read_bytes() == b"first"
    assert os.listdir() == ["x"]  # noqa: PTH208


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_a_new_file_may_be_read_by_whom_the_system_lets_and_a_replaced_one_by_whom_it_was() -> None:
    Path("plain").write_bytes(b"")
    replace(Path("x"), b"old")
    add(Path("y"), b"first")
    assert Path("x").stat().st_mode == Path("y").stat().st_mode == Path("plain").stat().st_mode

    Path("x").chmod(0o640)
    replace(Path("x"), b"new")
    assert Path("x").stat().st_mode & 0o777 == 0o640


def test_where_folders_cannot_be_synced_nothing_happens() -> None:
    sync_folder(Path("missing"))
