"""A log format of one's own, as a TOML file that says where each column is found: see `docs/formats.md`."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import takewhile
from pathlib import Path
from typing import Annotated, Final, Literal, TypeAlias, assert_never

import polars as pl
import tomli
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from costopt.errors import ConfigError
from costopt.intake.conforming import check_constants
from costopt.intake.formats.format import Fields, Format
from costopt.intake.formats.reads import (
    EACH,
    UP,
    Read,
    Role,
    is_step,
    known,
    milliseconds,
    role_of,
    steps_of,
)
from costopt.models.schema import COUNTS, NUMBERS, REQUESTS, REQUIRED, SIZES

_STRICT: Final = ConfigDict(frozen=True, extra="forbid", strict=True)
_FORMS: Final = (
    '"PLACE", ["PLACE", …], { sum = [..] }, { place = .., times = N }, { from = .., to = .. }, { value = .. }'
)
FORMAT_KEYS: Final = {
    "name": "it is a text",
    "rows": 'it is a list of the places of lists, each in the elements of the one before: rows = ["data"]',
    "keep": 'it is a table of places with the texts that requests have there: keep = { type = ["call"] }',
    "repeats": 'it is "same" or "fuller"',
    "sums": "it is a text: what cannot be known as the lines are sums",
    "columns": f"it is a table of columns, each of them one of {_FORMS}",
}
"""The keys of such a file, and what each is."""

_MAKES: Final = {
    "sum": "`sum` makes a count, such as `input_tokens`",
    "times": "`times` makes a measurement, such as `latency_ms`, or `cost_usd`",
    "from": "`from` and `to` make a measurement, such as `latency_ms`",
}
_Places: TypeAlias = Annotated[list[str], Field(min_length=1)]


class _Sum(BaseModel):
    model_config = _STRICT
    sum: _Places


class _Scaled(BaseModel):
    model_config = _STRICT
    place: str
    times: int | float


class _Span(BaseModel):
    model_config = _STRICT
    start: str = Field(alias="from")
    end: str = Field(alias="to")


class _Constant(BaseModel):
    model_config = _STRICT
    value: str


_Form: TypeAlias = str | _Places | _Sum | _Scaled | _Span | _Constant


class _File(BaseModel):
    model_config = _STRICT
    name: str | None = None
    rows: list[str] = []
    keep: dict[str, _Places] = {}
    repeats: Literal["same", "fuller"] = "same"
    sums: str = ""
    columns: dict[str, _Form]


def load_format(path: Path) -> Format:
    """The format that a file describes.

    Raises:
        ConfigError: if the file cannot be read, or says something that is not understood.
    """
    try:
        file = _File.model_validate(tomli.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise ConfigError(
            f"Cannot read the log format `{path}`: {error.strerror}", hint="check the path"
        ) from error
    except (tomli.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"`{path}` is not valid TOML: {error}", hint="mend the syntax there") from error
    except ValidationError as error:
        raise _not_understood(path, error) from error
    return _Reading(path).format(file)


@dataclass(frozen=True, slots=True)
class _Reading:
    """What the file of that path says, made a format."""

    path: Path

    def format(self, file: _File) -> Format:
        columns = {name: self.expression(name, form) for name, form in file.columns.items()}
        lacking = [name for name in REQUIRED if name not in columns]
        if lacking:
            raise self.mistake(
                f"`columns` lacks {', '.join(f'`{name}`' for name in lacking)}",
                f'say where it is, or give a constant: `{lacking[0]} = {{ value = "…" }}`',
            )
        kept = [
            pl.col(Read("label", self.steps(f"keep.{place}", place)).name).is_in(values)
            for place, values in file.keep.items()
        ]
        return Format(
            file.name or self.path.stem,
            lambda _fields: columns,
            _never,
            roots=(tuple("/".join(self.steps("rows", row)) for row in file.rows),),
            keep=pl.all_horizontal(kept) if kept else None,
            repeats=file.repeats,
            sums=file.sums,
        )

    def expression(self, name: str, form: _Form) -> pl.Expr:
        if name not in REQUESTS:
            near = difflib.get_close_matches(name, REQUESTS, n=1)
            hint = f"did you mean `{near[0]}`?" if near else "docs/columns.md lists them"
            raise self.mistake(f"`{name}` is not a column of a request", hint)
        match form:
            case str():
                return self.at(name, form)
            case list():
                return pl.coalesce(self.at(name, place) for place in form)
            case _Constant():
                return self.constant(name, form.value)
            case _Sum():
                self.check_makes("sum", name, (*COUNTS, *SIZES))
                return known(*(self.at(name, place) for place in form.sum))
            case _Scaled():
                self.check_makes("times", name, (*NUMBERS, "cost_usd"))
                return self.at(name, form.place) * pl.lit(_factor(name, form.times))
            case _Span():
                self.check_makes("from", name, NUMBERS)
                return milliseconds(self.at(name, form.start, "time"), self.at(name, form.end, "time"))
            case _:
                assert_never(form)

    def at(self, name: str, place: str, role: Role | None = None) -> pl.Expr:
        return pl.col(Read(role or role_of(name), self.steps(f"columns.{name}", place)).name)

    def steps(self, key: str, place: str) -> tuple[str, ...]:
        """The steps of a place.

        Raises:
            ConfigError: if there can be no value there.
        """
        steps = steps_of(place)
        inside = steps[len(list(takewhile(lambda step: step == UP, steps))) :]
        is_place = inside and inside[0] != EACH and inside[-1] != EACH
        if not is_place or not all(map(is_step, inside)):
            raise self.mistake(
                f"`{key}`: `{place}` is no place",
                "write the names down to the value with dots between them, such as `usage.input_tokens`",
            )
        return steps

    def constant(self, name: str, value: str) -> pl.Expr:
        try:
            check_constants({name: value})
        except ConfigError as error:
            raise self.mistake(f"`columns.{name}`: {error.message}", error.hint) from error
        return pl.lit(value)

    def check_makes(self, key: str, name: str, columns: Sequence[str]) -> None:
        if name not in columns:
            raise self.mistake(f"`columns.{name}` cannot be made so", _MAKES[key])

    def mistake(self, message: str, hint: str) -> ConfigError:
        return ConfigError(f"`{self.path}`: {message}", hint=hint)


def _factor(name: str, times: float) -> Decimal | float:
    """Dollars are multiplied exactly."""
    return Decimal(str(times)) if name == "cost_usd" else times


def _never(_fields: Fields) -> bool:
    """It is only taken when it is named."""
    return False


def _not_understood(path: Path, error: ValidationError) -> ConfigError:
    first = error.errors()[0]
    key, *inside = (str(part) for part in first["loc"])
    if key == "columns" and inside:
        return ConfigError(
            f"`{path}`: `columns.{inside[0]}` is not understood", hint=f"it is one of {_FORMS}"
        )
    if first["type"] == "missing":
        return ConfigError(f"`{path}`: `{key}` is missing", hint=FORMAT_KEYS[key])
    keys = ", ".join(f"`{name}`" for name in FORMAT_KEYS)
    return ConfigError(
        f"`{path}`: `{key}` is not understood", hint=FORMAT_KEYS.get(key, f"the keys are {keys}")
    )
