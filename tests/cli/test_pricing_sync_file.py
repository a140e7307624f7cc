import errno
import json
import os
import sys
from collections.abc import Callable
from csv import DictReader
from pathlib import Path

import pytest
from inline_snapshot import snapshot

from costopt.pricing.catalog import shipped

Run = Callable[..., tuple[int, str, str]]
Sync = Callable[..., str]
Write = Callable[[str, str | bytes], str]

PRICES = """
schema = 1
currency = "USD"
source = "ours"
standalone = true

# Ask Ann before you change this.
[[model]]
provider   = "acme"
id         = "large"
[[model.price]]
input      = 4        # as of the contract
output     = 30
# The end.
"""

FIRST = """[{"id": "acme", "models": [
  {"id": "small", "match": {"equals": "small"}, "prices": {"input_mtok": 1, "output_mtok": 3}}
]}]"""

SECOND = """[{"id": "acme", "models": [
  {"id": "small", "match": {"equals": "small"}, "prices": {"input_mtok": 2, "output_mtok": 3}},
  {"id": "large", "match": {"equals": "large"}, "prices": {"input_mtok": 5, "output_mtok": 30}},
  {"id": "tiny", "match": {"equals": "tiny"}, "prices": {"input_mtok": 0.5, "output_mtok": 1}}
]}]"""


@pytest.fixture(autouse=True)
def inputs(write: Write) -> None:
    """A catalog that a person wrote, and two editions of a list."""
    write("first.json", FIRST)
    write("second.json", SECOND)
    write("prices.toml", PRICES)
    write("costopt.toml", 'pricing = "prices.toml"')


def test_a_synced_file_is_read_again_and_bills_its_prices(run: Run, sync: Sync, write: Write) -> None:
    write(
        "log.csv",
        """\
timestamp,provider,model,input_tokens,output_tokens
2026-11-21T08:00:00Z,acme,small,1000000,0
2026-11-22T08:00:00Z,acme,small,1000000,0
2026-11-22T08:00:00Z,acme,large,1000000,0
""",
    )

    def bill() -> list[tuple[str, ...]]:
        out = run("spend", "log.csv", "--by", "model", "--every", "1d", "-o", "csv")[1]
        return [(row["period"], row["model"], row["cost_usd"]) for row in DictReader(out.splitlines())]

    assert bill() == snapshot(
        [("2026-11-21", "small", ""), ("2026-11-22", "large", "4"), ("2026-11-22", "small", "")]
    )
    sync("first.json", "--into", "prices.toml")
    assert bill() == snapshot(
        [("2026-11-21", "small", "1"), ("2026-11-22", "large", "4"), ("2026-11-22", "small", "1")]
    )
    sync("second.json", "--into", "prices.toml")
    assert bill() == snapshot(
        [("2026-11-21", "small", "1"), ("2026-11-22", "large", "4"), ("2026-11-22", "small", "2")]
    )


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
def test_what_a_person_wrote_stays_to_the_byte(
    sync: Sync, write: Write, mark: bytes, line_end: bytes
) -> None:
    mine = mark + PRICES.encode().replace(b"\n", line_end)
    write("prices.toml", mine)

    for source, models in (("first.json", 1), ("second.json", 2)):
        sync(source, "--into", "prices.toml")

        written = Path("prices.toml").read_bytes()
        added = written.removeprefix(mine)
        assert written.startswith(mine)
        assert added.count(b"[[model]]") == models
        assert added.count(b"\n") == added.count(line_end)
        assert b"\xef\xbb\xbf" not in added


def test_only_the_entries_that_change_are_written_again(sync: Sync) -> None:
    sync("first.json", "--into", "prices.toml")
    with Path("prices.toml").open("a", encoding="utf-8") as file:
        file.write("\n# Mine again.\n[[alias]]\nraw = 'xl'   # in the logs of 2024\nmodel = \"acme/large\"\n")

    sync("second.json", "--into", "prices.toml")

    assert Path("prices.toml").read_text(encoding="utf-8").removeprefix(PRICES) == snapshot("""\

[[model]]
provider = "acme"
id = "small"
match = { exact = ["small"] }
source = "genai-prices (first.json)"
synced = "2f77947ad5bd"
[[model.price]]
input = 1.0
output = 3.0
[[model.price]]
from = 2026-11-22
source = { standard = "genai-prices (second.json)" }
input = 2.0
output = 3.0

# Mine again.
[[alias]]
raw = 'xl'   # in the logs of 2024
model = "acme/large"

[[model]]
provider = "acme"
id = "tiny"
match = { exact = ["tiny"] }
source = "genai-prices (second.json)"
synced = "ce47b522b087"
[[model.price]]
input = 0.5
output = 1.0
""")


def test_a_second_sync_changes_nothing(sync: Sync) -> None:
    sync("second.json", "--into", "own.toml")
    before = Path("own.toml").read_bytes()

    report = json.loads(sync("second.json", "--into", "own.toml", "-o", "json"))

    assert (report["written"], report["same"]) == (False, 2)
    assert Path("own.toml").read_bytes() == before


@pytest.mark.parametrize("words", [[], ["--prefer-list"]])
def test_an_entry_that_a_person_changed_stays_as_it_is(sync: Sync, words: list[str]) -> None:
    sync("first.json", "--into", "own.toml")
    changed = Path("own.toml").read_text(encoding="utf-8").replace("input = 1.0\n", "input = 1.5\n")
    Path("own.toml").write_text(changed, encoding="utf-8")

    report = json.loads(sync("second.json", "--into", "own.toml", "-o", "json", *words))

    (small,) = (each for each in report["conflicts"] if each["model"] == "small")
    assert (small["reason"], small["source"]) == ("written by hand", "own.toml")
    assert [(rate["rate"], rate["before"], rate["after"]) for rate in small["rates"]] == [("input", 1.5, 2)]
    assert Path("own.toml").read_text(encoding="utf-8").startswith(changed)


def test_a_dry_run_writes_nothing(sync: Sync) -> None:
    report = json.loads(sync("first.json", "--into", "folder/own.toml", "--dry-run", "-o", "json"))

    assert (report["written"], len(report["added"])) == (False, 1)
    assert not Path("folder").exists()


def test_the_folder_of_the_file_is_made(sync: Sync) -> None:
    assert " into new/folder/own.toml · written\n" in sync("first.json", "--into", "new/folder/own.toml")
    assert Path("new/folder/own.toml").is_file()


def test_the_file_is_ones_own_over_the_shipped_one_unless_another_is_named(
    run: Run, sync: Sync, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("shipped.toml", PRICES.replace("standalone = true\n", ""))
    for module in ("loading", "syncing"):
        monkeypatch.setattr(f"costopt.cli.{module}.shipped", lambda: Path("shipped.toml"))
    Path("costopt.toml").unlink()

    report = json.loads(sync("first.json", "-o", "json"))

    assert report["file"] == str(Path.cwd() / "config/costopt/pricing.toml")
    assert report["catalog"]["path"] == "shipped.toml"
    assert run("pricing", "show", "small", "--provider", "acme")[0] == 0


def test_the_shipped_prices_are_not_written_by_hand(
    sync: Sync, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("shipped.toml", PRICES)
    for module in ("loading", "syncing"):
        monkeypatch.setattr(f"costopt.cli.{module}.shipped", lambda: Path("shipped.toml"))
    Path("costopt.toml").unlink()

    report = json.loads(sync("second.json", "--prefer-list", "-o", "json"))

    assert [(model["model"], model["source"]) for model in report["changed"]] == [("large", "ours")]
    assert Path("shipped.toml").read_text(encoding="utf-8") == PRICES


def test_files_over_the_one_that_is_written_do_not_count(sync: Sync, write: Write) -> None:
    write("config/costopt/pricing.toml", PRICES.replace("large", "own"))

    report = json.loads(sync("second.json", "-o", "json"))

    assert [model["model"] for model in report["added"]] == ["large", "small", "tiny"]
    assert len(report["catalog"]["layers"]) == 1


@pytest.mark.parametrize(
    ("date", "words", "expected"),
    [
        ("", [], "2026-11-22"),
        ("date = 2026-11-01", [], "2026-11-01"),
        ("date = 2026-11-01", ["--effective", "2026-12-24"], "2026-12-24"),
    ],
)
def test_a_price_without_a_date_holds_from_the_lists_day(
    sync: Sync, write: Write, date: str, words: list[str], expected: str
) -> None:
    sync("first.json", "--into", "own.toml")
    entry = '[[model]]\nprovider = "acme"\nid = "small"\n[[model.price]]\ninput = 2\noutput = 3\n'
    write("list.toml", f'schema = 1\ncurrency = "USD"\nsource = "genai-prices 2"\n{date}\n{entry}')

    out = sync("list.toml", "--into", "own.toml", *words)

    assert f" prices that changed without a date hold from {expected} on\n" in out
    assert f"[[model.price]]\nfrom = {expected}\n" in Path("own.toml").read_text(encoding="utf-8")


# What cannot be done

FILES = {
    "euro.toml": 'schema = 1\ncurrency = "EUR"\nexchange = [{ usd = 1.1 }]\n',
    "broken.toml": "schema = ",
    "inline.toml": 'schema = 1\ncurrency = "USD"\nmodel = [{ provider = "acme", id = "x", price = [{ input = 1 }] }]\n',
    "none.json": "[]",
}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (
            "--from first.json --into euro.toml",
            snapshot("""\
error: `euro.toml` is in EUR, and price lists are in USD

hint: name another file: `--into FILE`
"""),
        ),
        (
            "--from first.json --into broken.toml",
            snapshot("""\
error: `broken.toml` is not valid TOML: Invalid value (at end of document)

hint: mend the syntax there
"""),
        ),
        (
            "--from first.json --into inline.toml --dry-run",
            snapshot("""\
error: `inline.toml`: its models cannot be edited one by one

hint: write each as a `[[model]]` table with lines of its own
"""),
        ),
        (
            "--from first.json --into folder",
            snapshot("""\
error: Cannot read the price catalog `folder`: Is a directory

hint: check the path and its permissions
"""),
        ),
        (
            "--from first.json --into first.json/own.toml",
            snapshot("""\
error: Cannot write `first.json/own.toml`: Not a directory

hint: name a file in a folder you may write to
"""),
        ),
        (
            "--from first.json --into first.json/folder/own.toml",
            snapshot("""\
error: Cannot make the folder of `first.json/folder/own.toml`: Not a directory

hint: name another file: `--into FILE`
"""),
        ),
        (
            "--from none.json --into own.toml",
            snapshot("""\
error: `none.json` is not a price list

hint: it should be the JSON of genai-prices (a list of providers) or of LiteLLM (an object of models)
"""),
        ),
        (
            "--from nowhere.json --into own.toml",
            snapshot("""\
error: Cannot read the price list `nowhere.json`: No such file or directory

hint: name a file, or one of the packages genai-prices, litellm, tokencostauto
"""),
        ),
        (
            "--from genai-prices --into own.toml",
            snapshot("""\
error: The package `genai-prices` is not installed

hint: run `pip install 'llm-costopt[sync]'`
"""),
        ),
        (
            "--from first.json --effective tomorrow",
            snapshot("""\
error: `tomorrow` is not a day

hint: write it like 2026-10-01
"""),
        ),
    ],
)
def test_a_mistake_is_answered_with_what_to_do(
    run: Run, write: Write, monkeypatch: pytest.MonkeyPatch, words: str, expected: str
) -> None:
    for name, text in FILES.items():
        write(name, text)
    Path("folder").mkdir()
    monkeypatch.setitem(sys.modules, "genai_prices.data", None)

    code, out, err = run("pricing", "sync", *words.split())

    assert (code, out) == (2, "")
    assert err == expected
    assert {name: Path(name).read_text(encoding="utf-8") for name in FILES} == FILES
    assert not Path("own.toml").exists()


def test_the_shipped_catalog_is_never_written(run: Run) -> None:
    Path("link.toml").symlink_to(shipped())
    before = shipped().stat()

    for name in (str(shipped()), "link.toml"):
        assert run("pricing", "sync", "--from", "first.json", "--into", name) == (
            2,
            "",
            f"error: `{name}` is the catalog that costopt ships\n\nhint: name a file of your own\n",
        )
    assert shipped().stat() == before


@pytest.mark.parametrize(
    ("failing", "number"), [("os.fsync", errno.ENOSPC), ("tempfile.mkstemp", errno.EACCES)]
)
def test_a_write_that_fails_leaves_the_old_file(
    run: Run, sync: Sync, monkeypatch: pytest.MonkeyPatch, failing: str, number: int
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    sync("first.json", "--into", "own/prices.toml")
    before = Path("own/prices.toml").read_bytes()
    monkeypatch.setattr(failing, fail)

    code, out, err = run("pricing", "sync", "--from", "second.json", "--into", "own/prices.toml")

    assert (code, out) == (2, "")
    assert err.startswith(f"error: Cannot write `own/prices.toml`: {os.strerror(number)}\n\nhint: ")
    assert [(each.name, each.read_bytes()) for each in Path("own").iterdir()] == [("prices.toml", before)]
