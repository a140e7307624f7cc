from pathlib import Path

import pytest

from costopt.ledger import head as module
from costopt.ledger.chain import GENESIS, seal
from costopt.ledger.head import Head, count_lines, fits, load_head, save_head

LINE, HASH = seal('{"a": 1', GENESIS)


def test_a_head_is_remembered(tmp_path: Path) -> None:
    head = Head(entries=3, bytes=700, hash=HASH)

    save_head(tmp_path, head)

    assert load_head(tmp_path) == head


def test_without_a_file_there_is_none(tmp_path: Path) -> None:
    assert load_head(tmp_path) is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"entries": -1}', '{"hash": "0"}', '{"hash": "é"}'])
def test_a_broken_file_remembers_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "baseline_history.head.json").write_text(text, encoding="utf-8")

    assert load_head(tmp_path) is None


@pytest.mark.parametrize("block", [1, 3, 4096])
@pytest.mark.parametrize(
    ("content", "span", "found"),
    [
        (b"", (0, 0), (0, 0)),
        (b"ab\ncd\nef", (0, 8), (2, 6)),
        (b"ab\ncd\nef", (3, 8), (1, 6)),
        (b"ab\ncd\nef", (6, 8), (0, 6)),
        (b"ab\ncd\nef", (0, 4), (1, 3)),
        (b"ab\n", (0, 99), (1, 3)),
    ],
)
def test_whole_lines_are_counted(
    monkeypatch: pytest.MonkeyPatch, block: int, content: bytes, span: tuple[int, int], found: tuple[int, int]
) -> None:
    monkeypatch.setattr(module, "_BLOCK", block)
    Path("x").write_bytes(content)

    assert count_lines(Path("x"), *span) == found


def test_a_ledger_fits_the_heads_it_had() -> None:
    Path("x").write_bytes(LINE + b"more")

    assert fits(Path("x"), Head())
    assert fits(Path("x"), Head(entries=1, bytes=len(LINE), hash=HASH))


def test_a_ledger_fits_no_other_head() -> None:
    Path("x").write_bytes(LINE)

    assert not fits(Path("x"), Head(entries=1, bytes=len(LINE), hash="ab" * 32))
    assert not fits(Path("x"), Head(entries=1, bytes=len(LINE) - 1, hash=HASH))
    assert not fits(Path("x"), Head(entries=1, bytes=10, hash=HASH))
    assert not fits(Path("x"), Head(hash=HASH))
