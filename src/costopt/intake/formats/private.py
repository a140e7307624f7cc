"""A log format of one's own, as a TOML file: where each column is found.

name = "gateway"
rows = ["data"]                                # the records are the elements of this list
keep = { type = ["call", "embedding"] }        # of the records, those with one of these values are requests

[columns]
timestamp = "meta.at"                          # a place, nested ones by dots
model = ["response.model", "request.model"]    # the first place that has a value
input_tokens = { sum = ["usage.fresh", "usage.cached"] }
latency_ms = { from = "meta.at", to = "meta.done" }
ttft_ms = { place = "meta.first", times = 1000 }
provider = { value = "acme" }
"""

import difflib
from pathlib import Path
from typing import Annotated, Final, Literal, TypeAlias

import polars as pl
import tomli
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from costopt.errors import ConfigError
from costopt.intake.formats.format import Fields, Format
from costopt.intake.formats.reads import Read, known, label, milliseconds, role_of, steps_of, time
from costopt.models.schema import COUNTS, NUMBERS, REQUESTS, REQUIRED

_STRICT: Final = ConfigDict(frozen=True, extra="forbid", strict=True)
_FORMS: Final = (
    '"PLACE", ["PLACE", …], { sum = [..] }, { place = .., times = N }, { from = .., to = .. }, { value = .. }'
)
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
    columns = {name: _expression(path, name, form) for name, form in file.columns.items()}
    lacking = [name for name in REQUIRED if name not in columns]
    if lacking:
        raise ConfigError(
            f"`{path}`: `columns` lacks {', '.join(f'`{name}`' for name in lacking)}",
            hint=f'say where it is, or give a constant: `{lacking[0]} = {{ value = "…" }}`',
        )
    kept = [label_at(place).is_in(values) for place, values in file.keep.items()]
    return Format(
        file.name or path.stem,
        lambda _fields: columns,
        _never,
        roots=(tuple("/".join(steps_of(row)) for row in file.rows),),
        keep=pl.all_horizontal(kept) if kept else None,
        repeats=file.repeats,
        sums=file.sums,
    )


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
    known_keys = ", ".join(f"`{name}`" for name in _File.model_fields)
    wrong = "is missing" if first["type"] == "missing" else "is not understood"
    return ConfigError(f"`{path}`: `{key}` {wrong}", hint=f"the keys are {known_keys}")


def _expression(path: Path, name: str, form: _Form) -> pl.Expr:
    if name not in REQUESTS:
        near = difflib.get_close_matches(name, REQUESTS, n=1)
        hint = f"did you mean `{near[0]}`?" if near else "docs/columns.md lists them"
        raise ConfigError(f"`{path}`: `{name}` is not a column of a request", hint=hint)
    match form:
        case str():
            return _at(name, form)
        case list():
            return pl.coalesce(_at(name, place) for place in form)
        case _Constant():
            return pl.lit(form.value)
        case _Sum() if name in COUNTS:
            return known(*(_at(name, place) for place in form.sum))
        case _Scaled() if name in NUMBERS:
            return _at(name, form.place) * form.times
        case _Span() if name in NUMBERS:
            return milliseconds(_time_at(form.start), _time_at(form.end))
        case _:
            raise ConfigError(
                f"`{path}`: `columns.{name}` cannot be made so",
                hint="`sum` gives a count, `times` and `from`, `to` a measurement such as `latency_ms`",
            )


def _at(name: str, place: str) -> pl.Expr:
    return pl.col(Read(role_of(name), steps_of(place)).name)


def label_at(place: str) -> pl.Expr:
    """A text at a dotted place."""
    return label("/".join(steps_of(place)))


def _time_at(place: str) -> pl.Expr:
    return time("/".join(steps_of(place)))
