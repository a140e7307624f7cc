import polars as pl
import pytest

from costopt.errors import ConfigError
from costopt.intake.conforming import conform
from costopt.intake.where import Filter, parse_where
from costopt.models.schema import REQUESTS

LOG = """
timestamp            ,model ,tenant,status,input_tokens,cost_usd,latency_ms,retries,streamed,region
2026-10-01T23:00:00Z ,gpt-5 ,acme  ,200   ,100         ,0.1     ,12.5      ,3      ,True    ,eu-1
2026-10-02T08:00:00Z ,gpt-4 ,globex,500   ,200         ,0.3     ,nan       ,10     ,false   ,us-1
2026-10-03T09:00:00Z ,gpt-5 ,      ,      ,300         ,        ,          ,n/a    ,        ,
"""
"""Requests 1, 2 and 3; what is blank is not said."""


def requests(text: str = LOG) -> pl.DataFrame:
    head, *rows = [[cell.strip() or None for cell in line.split(",")] for line in text.strip().splitlines()]
    names = [str(name) for name in head]
    raw = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")
    return conform(raw.with_columns(output_tokens=pl.lit(1)), {}, tuple(REQUESTS)).frame


def kept(text: str, zone: str = "UTC") -> str:
    """The numbers of the requests that a filter keeps."""
    judged, _ = Filter(parse_where(text, zone)).judge(requests())
    assert judged.null_count() == 0
    return "".join(str(number + 1) for number in judged.arg_true())


def admitted(text: str) -> str:
    """The numbers of the requests made when it could have kept one."""
    _, judged = Filter(parse_where(text)).judge(requests())
    return "".join(str(number + 1) for number in judged.arg_true())


def complaint(text: str) -> tuple[str, str]:
    with pytest.raises(ConfigError) as caught:
        parse_where(text)
    return caught.value.message, caught.value.hint


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('model == "gpt-5"', "13"),
        ('model == "GPT-5"', ""),
        ('model == "never-heard-of"', ""),
        ('model in ("gpt-4", "gpt-5")', "123"),
        ('model not in ("gpt-4", "x")', "13"),
        ('model ~ "5$"', "13"),
        ('model ~ "(?i)GPT-[5]"', "13"),
        ('model !~ "5"', "2"),
        ('status == "error"', "2"),
        ('status in ("ok", "error")', "12"),
        ('model == "gpt-5" and tenant == "acme"', "1"),
        ('model == "gpt-4" or tenant == "acme"', "12"),
        ('not (model == "gpt-4" or tenant == "acme")', "3"),
        ("true", "123"),
        ("false or false", ""),
    ],
)
def test_texts_are_compared_as_they_are(text: str, expected: str) -> None:
    assert kept(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("input_tokens == 200", "2"),
        ("input_tokens > 199.5", "23"),
        ("input_tokens == 199.5", ""),
        ("input_tokens in (100, 3e2)", "13"),
        ("input_tokens < 99999999999999999999999999", "123"),
        ("cost_usd == 0.1", "1"),
        ("cost_usd > 0.1", "2"),
        ("cost_usd > 0.100000000001", "2"),
        ("cost_usd >= 0.3", "2"),
        ("cost_usd <= 0.3", "12"),
        ("cost_usd < 0.3", "1"),
        ("latency_ms == 12.5", "1"),
        ("latency_ms > 0", "1"),
    ],
)
def test_numbers_are_compared_exactly(text: str, expected: str) -> None:
    assert kept(text) == expected


@pytest.mark.parametrize(
    ("text", "zone", "expected"),
    [
        ('timestamp >= "2026-10-02T08:00"', "UTC", "23"),
        ('timestamp > "2026-10-02T08:00"', "UTC", "3"),
        ('timestamp >= "2026-10-02T08:00"', "Asia/Tokyo", "123"),
        ('timestamp >= "2026-10-02T08:00:00Z"', "Asia/Tokyo", "23"),
        ('timestamp < "2026-10-02"', "UTC", "1"),
        ('timestamp < "2026-10-02"', "Asia/Tokyo", ""),
        ('timestamp == "2026-10-02T10:00+02:00"', "UTC", "2"),
        ('timestamp not in ("2026-10-02T08:00", "2026-10-03T09:00")', "UTC", "1"),
        ("timestamp is null", "UTC", ""),
    ],
)
def test_times_are_those_of_the_zone(text: str, zone: str, expected: str) -> None:
    assert kept(text, zone) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('tenant != "acme"', "23"),
        ('not tenant == "acme"', "23"),
        ('tenant not in ("acme", "globex")', "3"),
        ('tenant in ("acme", null)', "13"),
        ('tenant not in ("acme", null)', "2"),
        ('tenant !~ "acme"', "23"),
        ("tenant is null", "3"),
        ("tenant is not null", "12"),
        ("cost_usd > 0", "12"),
        ("cost_usd <= 0", ""),
        ("not cost_usd > 0", "3"),
        ("cost_usd != 0.1", "23"),
        ("latency_ms is null", "23"),
        ("latency_ms != 12.5", "23"),
        ("status is null", "3"),
    ],
)
def test_what_the_log_does_not_say_is_like_no_value(text: str, expected: str) -> None:
    assert kept(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('project == "x"', ""),
        ('project != "x"', "123"),
        ("project is null", "123"),
        ("quality < 0.5 or quality >= 0.5", ""),
        ("ttft_ms is null", "123"),
        ('prompt ~ ""', ""),
        ("cached_input_tokens == 0", "123"),
        ("cached_input_tokens is null", ""),
        ("requests == 1", "123"),
        ('team != "red"', "123"),
        ("team > 3", ""),
    ],
)
def test_a_column_that_the_log_lacks_is_null_and_a_count_as_in_the_bill(text: str, expected: str) -> None:
    assert kept(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('region == "eu-1"', "1"),
        ('region ~ "^eu"', "1"),
        ("region is null", "3"),
        ("retries > 3", "2"),
        ("retries <= 10", "12"),
        ("retries == 3.0", "1"),
        ('retries == "3"', "1"),
        ("retries != 3", "23"),
        ('retries in (10, "n/a", null)', "23"),
        ("streamed == true", "1"),
        ("streamed == false", "2"),
        ("streamed != true", "23"),
        ("streamed in (true, false)", "12"),
    ],
)
def test_a_column_of_the_logs_own_is_compared_as_what_stands_beside_it(text: str, expected: str) -> None:
    assert kept(text) == expected


def test_the_name_of_a_column_is_no_pattern() -> None:
    assert kept("`^.*$` is null") == "123"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("tenant == 5", "`tenant` is a text, and `5` is none"),
        ("tenant in (true)", "`tenant` is a text, and `true` is none"),
        ('input_tokens == "5"', '`input_tokens` is a number, and `"5"` is none'),
        ('cost_usd > "0.1"', '`cost_usd` is a number, and `"0.1"` is none'),
        ("quality < true", "`quality` is a number, and `true` is none"),
        ("timestamp > 2026", "`timestamp` is a time, and `2026` is none"),
        ('timestamp > "yesterday"', '`timestamp` is a time, and `"yesterday"` is none'),
        ('tenant > "a"', "`>` compares numbers and times, and `tenant` is a text"),
        ("tenant <= 5", "`<=` compares numbers and times, and `tenant` is a text"),
        ('retries > "5"', '`>` compares numbers and times, and `"5"` is none'),
        ("retries < true", "`<` compares numbers and times, and `true` is none"),
        ('cost_usd ~ "5"', "`~` looks into texts, and `cost_usd` is a number"),
        ('timestamp !~ "2026"', "`~` looks into texts, and `timestamp` is a time"),
        ("tenant ~ 5", "`5` is no pattern"),
        ("retries ~ true", "`true` is no pattern"),
        ('tenant ~ "("', '`"("` is no pattern: unclosed group'),
        (
            'tenant ~ "(?=a)"',
            '`"(?=a)"` is no pattern: look-around, including look-ahead and look-behind, is not supported',
        ),
        ('status == "failed"', "`status` is never `failed`"),
        ('status in ("ok", "500")', "`status` is never `500`"),
    ],
)
def test_a_column_is_compared_with_what_it_can_hold(text: str, message: str) -> None:
    assert complaint(text)[0] == f"`where`, column 1: {message}"


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("tenant == 5", 'write a text in quotes: `"5"`'),
        ('cost_usd > "0.1"', "write a number, without quotes"),
        ("timestamp > 2026", 'write `"2026-10-01"` or `"2026-10-01T08:00"`'),
        ('billed_on > "2026-10-01"', "a number is written without quotes; a time is compared as `timestamp`"),
        ("tenant ~ 5", 'write a pattern in quotes: `"5"`'),
        ('tenant ~ "["', r"patterns are those of RE2; `\.` is a dot, `\\` a backslash"),
        ('status == "failed"', 'whatever the log says is read as "ok" or "error", or is null'),
    ],
)
def test_a_hint_says_how_a_column_is_compared(text: str, hint: str) -> None:
    assert complaint(text)[1] == hint


def test_a_mistake_is_told_with_its_place() -> None:
    assert complaint('tenant == "acme" and cost_usd > "5"')[0].startswith("`where`, column 22: ")


# When a request could have been kept


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('tenant == "nobody"', "123"),
        ('timestamp >= "2026-10-02"', "23"),
        ('not timestamp >= "2026-10-02"', "1"),
        ('timestamp >= "2026-10-02" and tenant == "nobody"', "23"),
        ('timestamp >= "2026-10-02" or tenant == "nobody"', "123"),
        ('not (timestamp >= "2026-10-02" and tenant == "nobody")', "123"),
        ('not (timestamp >= "2026-10-02" or tenant == "nobody")', "1"),
        ('timestamp >= "2026-10-02" and true', "23"),
        ('timestamp >= "2026-10-02" and not true', ""),
        ("false", ""),
    ],
)
def test_only_times_say_when_a_request_could_have_been_kept(text: str, expected: str) -> None:
    assert admitted(text) == expected


# What can only be told at the end


def judged(text: str, *logs: str) -> Filter:
    where = Filter(parse_where(text))
    for log in logs:
        where.judge(requests(log))
    return where


HEAD = "timestamp,model,input_tokens,retries"
TEXTS = f"{HEAD}\n2026-10-01,m,1,-\n2026-10-01,m,1,none\n2026-10-01,m,1,few\n2026-10-01,m,1,many"
NUMBERS = f"{HEAD}\n2026-10-01,m,1,7"


@pytest.mark.parametrize("text", ["retries > 3", "retries in (1, 2)", "retries is null or retries == 1"])
def test_a_column_without_any_number_is_not_compared_with_one(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        judged(text, TEXTS, TEXTS).check({"retries"})

    assert caught.value.message == (
        f"`where`, column {text.rindex('retries') + 1}: no log has a number in `retries`, but texts such as `few`"
    )
    assert caught.value.hint == "compare it with a text, in quotes"


def test_a_column_with_a_number_somewhere_is() -> None:
    judged("retries > 3", TEXTS, NUMBERS).check({"retries"})
    judged("retries > 3", NUMBERS, TEXTS).check({"retries"})
    judged("retries > 3", f"{HEAD}\n2026-10-01,m,1,-").check({"retries"})
    judged('retries == "few"', TEXTS).check({"retries"})


def test_a_column_that_no_log_has_is_an_error() -> None:
    with pytest.raises(ConfigError, match="column 10: no log has a column `retrys`") as caught:
        judged("true and retrys > 3", NUMBERS).check({"retries", "region"})

    assert caught.value.hint == "did you mean `retries`?"


def test_a_canonical_column_is_a_near_miss_too() -> None:
    with pytest.raises(ConfigError) as caught:
        judged('tennant == "acme"').check({"retries"})

    assert caught.value.hint == "did you mean `tenant`?"


def test_without_a_near_miss_the_command_that_lists_the_columns_is_named() -> None:
    with pytest.raises(ConfigError) as caught:
        judged("zzz is null").check({"retries"})

    assert caught.value.hint == "`costopt inspect LOGS` lists the columns that a log has"


def test_logs_without_a_record_have_every_column() -> None:
    judged("zzz is null").check(set())
