import datetime as dt
import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import partial
from pathlib import Path

import polars as pl
import pytest

from costopt.errors import OutputError
from costopt.intake import convert
from costopt.intake.convert import Spool, check_target, write
from costopt.intake.converted import METADATA, converted_from, is_one_conversion, metadata_of
from costopt.models.intake import CatalogReport, IntakeReport
from costopt.models.schema import REQUESTS

Write = Callable[[str, str | bytes], str]
Requests = Callable[[str], pl.DataFrame]

INTAKE = IntakeReport(
    files=2,
    bytes=10,
    requests=3,
    where=None,
    filtered_out=0,
    rejected=1,
    duplicates=2,
    duplicates_usd=Decimal("0.5"),
    others=4,
    unpriced=0,
)
CATALOG = CatalogReport(path="p.toml", source="s", date=None, sha256="0", layers=())


def frame(csv: str) -> pl.DataFrame:
    """Requests from `day,id,tokens` lines."""
    rows = [line.split(",") for line in csv.split()]
    return pl.DataFrame(
        {
            "request_id": [row[1] for row in rows],
            "timestamp": [dt.datetime.fromisoformat(f"{row[0]}T12:00+00:00") for row in rows],
            "input_tokens": [int(row[2]) for row in rows],
        },
        schema={name: REQUESTS[name] for name in ("request_id", "timestamp", "input_tokens")},
    )


def untold(_day: dt.date | None) -> dict[str, str]:
    """No metadata."""
    return {}


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    with Spool(tmp_path / "to") as made:
        yield made


def test_each_day_is_a_file_with_its_requests_in_order(spool: Spool, tmp_path: Path) -> None:
    spool.add(frame("2026-10-02,a,1 2026-10-01,b,2"))
    spool.add(frame("2026-10-02,c,3"))

    files, columns = write(spool, tmp_path / "to", partial(metadata_of, INTAKE, CATALOG))

    assert [(file.day, file.requests) for file in files] == [
        (dt.date(2026, 10, 1), 1),
        (dt.date(2026, 10, 2), 2),
    ]
    assert pl.read_parquet(files[1].path)["request_id"].to_list() == ["a", "c"]
    assert all(file.bytes == Path(file.path).stat().st_size for file in files)
    assert columns == ("request_id", "timestamp", "input_tokens")


def test_requests_that_wait_on_disk_are_written_the_same(
    spool: Spool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(convert, "_HELD", 2)
    for part in ("2026-10-02,a,1", "2026-10-01,b,2", "2026-10-02,c,3", "2026-10-01,d,4", "2026-10-02,e,5"):
        spool.add(frame(part))

    files, _ = write(spool, tmp_path / "to", untold)

    written = [pl.read_parquet(file.path)["request_id"].to_list() for file in files]
    assert written == [["b", "d"], ["a", "c", "e"]]


def test_all_days_may_be_in_one_file(spool: Spool, tmp_path: Path) -> None:
    spool.add(frame("2026-10-02,a,1 2026-10-01,b,2"))

    (file,), _ = write(spool, tmp_path / "to.parquet", untold)

    assert (file.day, file.requests) == (None, 2)
    assert pl.read_parquet(tmp_path / "to.parquet")["request_id"].to_list() == ["b", "a"]


def test_a_column_that_only_some_logs_have_is_null_elsewhere(spool: Spool, tmp_path: Path) -> None:
    spool.add(frame("2026-10-01,a,1"))
    spool.add(frame("2026-10-01,b,2").with_columns(tenant=pl.lit("acme", dtype=pl.Categorical)))

    (file,), columns = write(spool, tmp_path / "to", untold)

    assert pl.read_parquet(file.path)["tenant"].to_list() == [None, "acme"]
    assert columns[-1] == "tenant"


def test_a_file_says_where_it_is_from(spool: Spool, tmp_path: Path) -> None:
    spool.add(frame("2026-10-01,a,1"))

    (file,), _ = write(spool, tmp_path / "to", partial(metadata_of, INTAKE, CATALOG))

    metadata = pl.read_parquet_metadata(file.path)
    told = converted_from(metadata)
    assert told
    assert (told.files, told.requests, told.rejected) == (2, 3, 1)
    assert (told.duplicates, told.duplicates_usd, told.others) == (2, Decimal("0.5"), 4)
    assert json.loads(metadata[METADATA])["intake"]["rejected"] == 1


def test_no_request_is_nothing_to_convert(spool: Spool, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="No request to convert"):
        write(spool, tmp_path / "to", untold)

    assert not (tmp_path / "to").exists()


@pytest.mark.parametrize("target", ["to", "to.parquet"])
def test_what_was_there_stays_if_writing_fails(
    spool: Spool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    place = tmp_path / target
    before = {path.name for path in tmp_path.iterdir()}
    with Spool(place) as first:
        first.add(frame("2026-10-01,old,1"))
        write(first, place, untold)

    def fails(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pl.LazyFrame, "sink_parquet", fails)
    spool.add(frame("2026-10-01,new,1"))
    with pytest.raises(OutputError, match="No space left on device"):
        write(spool, place, untold)

    assert pl.read_parquet(place)["request_id"].to_list() == ["old"]
    assert {path.name for path in tmp_path.iterdir()} == {*before, place.name}


def test_a_conversion_takes_the_place_of_an_earlier_one(spool: Spool, tmp_path: Path) -> None:
    with Spool(tmp_path / "to") as first:
        first.add(frame("2026-09-01,old,1"))
        write(first, tmp_path / "to", untold)
    spool.add(frame("2026-10-01,new,1"))

    check_target(tmp_path / "to", overwrite=True)
    write(spool, tmp_path / "to", untold)

    assert [path.name for path in (tmp_path / "to").iterdir()] == ["2026-10-01.parquet"]


@pytest.mark.parametrize(
    ("there", "target", "message"),
    [
        ("to.parquet", "to.parquet", "is there already"),
        ("to/a.parquet", "to", "is there already"),
        ("to/a.parquet to/notes.txt", "to --overwrite", "also holds `notes.txt`"),
        ("to", "to --overwrite", "is a file that does not end in `.parquet`"),
        ("to.parquet/a", "to.parquet --overwrite", "is a directory"),
        ("", "nowhere/to", "There is no folder"),
        ("", "to.csv", "ends in `.csv`"),
    ],
)
def test_a_place_with_something_else_in_it_is_refused(
    tmp_path: Path, there: str, target: str, message: str
) -> None:
    for name in there.split():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()

    with pytest.raises(OutputError) as caught:
        check_target(tmp_path / target.split(maxsplit=1)[0], overwrite=target.endswith("--overwrite"))

    assert message in caught.value.message


@pytest.mark.parametrize("target", ["new", "new.parquet", "empty"])
def test_a_new_place_or_an_empty_directory_is_fine(tmp_path: Path, target: str) -> None:
    (tmp_path / "empty").mkdir()

    check_target(tmp_path / target, overwrite=False)


def made(path: Path, day: int | None, intake: IntakeReport = INTAKE) -> str:
    """A converted file of a day, or of all."""
    told = metadata_of(intake, CATALOG, dt.date(2026, 10, day) if day else None)
    frame("2026-10-01,a,1").write_parquet(path, metadata=told)
    return str(path)


def test_different_days_of_one_conversion_hold_no_duplicates(tmp_path: Path) -> None:
    one, two = made(tmp_path / "1.parquet", 1), made(tmp_path / "2.parquet", 2)
    whole, again = made(tmp_path / "all.parquet", None), made(tmp_path / "again.parquet", 1)
    other = made(tmp_path / "3.parquet", 3, INTAKE.model_copy(update={"requests": 9}))
    plain, broken = tmp_path / "5.parquet", tmp_path / "6.parquet"
    frame("2026-10-01,a,1").write_parquet(plain)
    broken.write_text("PAR1")

    assert is_one_conversion([one, two])
    assert is_one_conversion([one])
    assert is_one_conversion([whole])
    for paths in ([one, one], [one, again], [one, whole], [whole, whole], [one, other], [one, str(plain)]):
        assert not is_one_conversion(paths)
    for path in (str(plain), str(broken), "log.jsonl", str(tmp_path / "missing.parquet")):
        assert not is_one_conversion([path])
