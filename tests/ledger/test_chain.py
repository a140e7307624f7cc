import hashlib

import pytest

from costopt.ledger.chain import GENESIS, Seal, seal, seal_of


def test_the_hash_is_that_of_the_bytes_before_it() -> None:
    line, digest = seal('{"a": 1', GENESIS)

    before, _, after = line.partition(b', "hash": ')
    assert before == b'{"a": 1, "prev": "' + b"0" * 64 + b'"'
    assert hashlib.sha256(before).hexdigest() == digest
    assert after == f'"{digest}"}}\n'.encode()


def test_the_seal_of_a_line_is_found() -> None:
    line, digest = seal('{"a": "ü"', "ab" * 32)

    assert seal_of(line) == Seal("ab" * 32, digest, digest)


def test_a_changed_line_gives_another_hash() -> None:
    line, digest = seal('{"a": 1', GENESIS)

    found = seal_of(line.replace(b"1", b"2", 1))

    assert found
    assert found.hash == digest
    assert found.computed != digest


@pytest.mark.parametrize("line", [b"", b"\n", b'{"a": 1}\n', b'"hash": "0"}\n'])
def test_a_line_without_a_seal_has_none(line: bytes) -> None:
    assert seal_of(line) is None


def test_a_line_without_its_end_has_no_seal() -> None:
    assert seal_of(seal("{", GENESIS)[0][:-1]) is None
