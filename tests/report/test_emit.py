import errno
import io
import os
import stat
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from costopt.errors import OutputError
from costopt.models.result import Result
from costopt.report.document import Document, Paragraph, line
from costopt.report.emit import Form, Output, Records, append_line, emit, emit_text, replacing
from costopt.report.webpage import draw_webpage


class Sample(Result):
    """A result."""

    kind: ClassVar[str] = "sample"
    value: int


def view(result: Sample) -> Document:
    return Document("Sample", (Paragraph((line(f"value {result.value}"),)),))


def records(result: Sample) -> Records:
    return Records(("value",), [(result.value,)])


def broken(_result: Sample) -> Document:
    raise RuntimeError("a bug in the drawing")


def written(path: str, form: Form = "table", value: int = 5) -> None:
    emit(Sample(value=value), view, records, Output(form, Path(path)))


def page() -> str:
    file = io.StringIO()
    draw_webpage(view(Sample(value=5)), file)
    return file.getvalue()


def names(folder: str = ".") -> list[str]:
    return sorted(path.name for path in Path(folder).iterdir())


@pytest.fixture
def umask() -> Iterator[None]:
    before = os.umask(0o027)
    yield
    os.umask(before)


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("table", "\n value 5\n"),
        ("json", '{\n  "format_version": 1,\n  "kind": "sample",\n  "value": 5\n}\n'),
        ("csv", "value\n5\n"),
        ("md", "# Sample\n\nvalue 5\n"),
        ("html", page()),
    ],
)
def test_a_result_has_five_forms(form: Form, expected: str, capsys: pytest.CaptureFixture[str]) -> None:
    emit(Sample(value=5), view, records, Output(form))
    written("report", form)
    written("again", form)

    assert capsys.readouterr().out == expected
    assert Path("report").read_bytes() == Path("again").read_bytes() == expected.encode()


def test_a_report_takes_the_place_of_the_last_one() -> None:
    written("report", value=1)
    written("report", value=2)

    assert Path("report").read_text(encoding="utf-8") == "\n value 2\n"
    assert names() == ["report"]


def test_a_report_is_not_there_before_it_is_whole() -> None:
    Path("report").write_text("old", encoding="utf-8")
    with replacing(Path("report")) as file:
        file.write("new")
        file.flush()
        assert Path("report").read_text(encoding="utf-8") == "old"
    assert Path("report").read_text(encoding="utf-8") == "new"


@pytest.mark.parametrize("before", [None, "old"])
def test_a_failing_drawing_leaves_no_trace(before: str | None) -> None:
    if before:
        Path("report").write_text(before, encoding="utf-8")

    with pytest.raises(RuntimeError, match="a bug in the drawing"):
        emit(Sample(value=5), broken, records, Output("table", Path("report")))

    assert names() == (["report"] if before else [])
    assert not before or Path("report").read_text(encoding="utf-8") == before


def test_an_interrupted_drawing_leaves_no_trace() -> None:
    with pytest.raises(KeyboardInterrupt), replacing(Path("report")):
        raise KeyboardInterrupt
    assert names() == []


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_full_disk_leaves_no_trace(monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    Path("report").write_text("old", encoding="utf-8")
    monkeypatch.setattr(os, "fsync", fail) if step == "fsync" else monkeypatch.setattr(Path, "replace", fail)

    with pytest.raises(OutputError) as caught:
        written("report")

    assert caught.value.message == "Cannot write `report`: No space left on device"
    assert caught.value.hint == "make room on the disk"
    assert names() == ["report"]
    assert Path("report").read_text(encoding="utf-8") == "old"


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("nowhere/report", "No such file or directory"),
        (".", "Is a directory"),
        ("file/report", "Not a directory"),
    ],
)
def test_a_place_that_is_none_is_an_error(path: str, reason: str) -> None:
    Path("file").write_text("", encoding="utf-8")

    with pytest.raises(OutputError) as caught:
        written(path)

    assert caught.value.message == f"Cannot write `{path}`: {reason}"
    assert caught.value.hint == "name a file in a folder you may write to"


def test_an_unwritable_folder_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr("tempfile.mkstemp", refuse)

    with pytest.raises(OutputError, match="Cannot write `report`: Permission denied"):
        written("report")


@pytest.mark.usefixtures("umask")
def test_a_new_file_honours_the_umask() -> None:
    written("report")

    assert stat.S_IMODE(Path("report").stat().st_mode) == 0o640


def test_a_file_keeps_its_permissions() -> None:
    Path("report").touch()
    Path("report").chmod(0o600)

    written("report")

    assert stat.S_IMODE(Path("report").stat().st_mode) == 0o600


def test_a_link_is_followed() -> None:
    Path("real").mkdir()
    Path("link").symlink_to("real/report")

    written("link")
    written("link", value=6)

    assert Path("link").is_symlink()
    assert names("real") == ["report"]
    assert Path("real/report").read_text(encoding="utf-8") == "\n value 6\n"


def test_a_device_is_written_to_as_it_is() -> None:
    written("/dev/null")

    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


def test_a_named_pipe_is_written_to_as_it_is() -> None:
    os.mkfifo("pipe")
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(Path("pipe").read_text(encoding="utf-8")))
    reader.start()

    written("pipe")
    reader.join(10)

    assert read == ["\n value 5\n"]


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="a folder of Unix")
def test_a_pipe_that_is_open_is_written_to_as_it_is() -> None:
    read, write = os.pipe()

    written(f"/dev/fd/{write}")
    os.close(write)

    with os.fdopen(read, encoding="utf-8") as pipe:
        assert pipe.read() == "\n value 5\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_a_full_device_is_an_error() -> None:
    with pytest.raises(OutputError, match="Cannot write `/dev/full`: No space left on device"):
        written("/dev/full")


# Standard output


def test_a_reader_that_has_enough_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as pipe:
        monkeypatch.setattr(sys, "stdout", pipe)
        emit(Sample(value=5), view, records, Output())
        emit(Sample(value=5), view, records, Output())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_a_full_disk_behind_standard_output_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        monkeypatch.setattr(sys, "stdout", full)
        with pytest.raises(OutputError, match="Cannot write to standard output: No space left on device"):
            emit(Sample(value=5), view, records, Output())


def test_a_stream_that_is_no_file_is_written_to(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stream:
        text = ""

        def write(self, text: str) -> int:
            self.text += text
            return len(text)

        def flush(self) -> None:
            pass

        def isatty(self) -> bool:
            return False

    stream = Stream()
    monkeypatch.setattr(sys, "stdout", stream)
    emit(Sample(value=5), view, records, Output())

    assert stream.text == "\n value 5\n"


def test_what_the_encoding_lacks_is_spelled_out(monkeypatch: pytest.MonkeyPatch) -> None:
    with Path("ascii").open("w", encoding="ascii") as file:
        monkeypatch.setattr(sys, "stdout", file)
        emit(Sample(value=5), lambda _: Document("", (Paragraph((line("a – b"),)),)), records, Output())

    assert Path("ascii").read_text(encoding="ascii") == "\n a \\u2013 b\n"


# Lines of a file that grows


def test_lines_are_added_one_below_the_other() -> None:
    append_line(Path("log.jsonl"), "{}\n")
    append_line(Path("log.jsonl"), "[é]\n")

    assert Path("log.jsonl").read_text(encoding="utf-8") == "{}\n[é]\n"


def test_a_line_that_was_torn_spoils_no_other() -> None:
    Path("log.jsonl").write_text('{"torn": ', encoding="utf-8")

    append_line(Path("log.jsonl"), "{}\n")

    assert Path("log.jsonl").read_text(encoding="utf-8") == '{"torn": \n{}\n'


@pytest.mark.usefixtures("umask")
def test_a_file_that_grows_honours_the_umask() -> None:
    append_line(Path("log.jsonl"), "{}\n")

    assert stat.S_IMODE(Path("log.jsonl").stat().st_mode) == 0o640


def test_lines_of_several_programs_do_not_mix() -> None:
    lines = [f"{number:06}" * 500 + "\n" for number in range(40)]
    threads = [threading.Thread(target=append_line, args=(Path("log.jsonl"), line)) for line in lines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(Path("log.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)) == lines


def test_a_line_goes_to_a_device_as_it_is() -> None:
    append_line(Path("/dev/null"), "{}\n")


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("nowhere/log.jsonl", "No such file or directory"),
        (".", "Is a directory"),
        ("/dev/full", "No space left on device"),
    ],
)
def test_a_line_that_cannot_be_added_is_an_error(path: str, reason: str) -> None:
    with pytest.raises(OutputError) as caught:
        append_line(Path(path), "{}\n")

    assert caught.value.message == f"Cannot write `{path}`: {reason}"


def test_half_a_line_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "write", lambda _, content: len(content) - 1)

    with pytest.raises(OutputError, match="No space left on device") as caught:
        append_line(Path("log.jsonl"), "{}\n")

    assert caught.value.hint == "make room on the disk"


# Texts


def test_a_text_that_is_no_report_is_written_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    emit_text('name = "é"\n', None)
    emit_text('name = "é"\n', Path("router.toml"))

    assert capsys.readouterr().out == 'name = "é"\n'
    assert Path("router.toml").read_text(encoding="utf-8") == 'name = "é"\n'
    assert names() == ["router.toml"]


def test_a_text_that_cannot_be_written_leaves_no_trace() -> None:
    Path("router.toml").write_text("old", encoding="utf-8")

    with pytest.raises(OutputError, match="Cannot write `nowhere"):
        emit_text("new", Path("nowhere/router.toml"))
    with pytest.raises(UnicodeEncodeError):
        emit_text("\ud800", Path("router.toml"))

    assert names() == ["router.toml"]
    assert Path("router.toml").read_text(encoding="utf-8") == "old"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_a_full_disk_behind_standard_output_is_an_error_for_a_text_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        monkeypatch.setattr(sys, "stdout", full)
        with pytest.raises(OutputError, match="Cannot write to standard output: No space left on device"):
            emit_text("text", None)
