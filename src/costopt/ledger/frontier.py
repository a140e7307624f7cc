"""The frontier models and their flat rates: `frontier_models.json`, a list that people and programs may edit."""

import json
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, ClassVar, Final, NoReturn

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
)

from costopt.errors import ConfigError, LedgerError
from costopt.ledger.entry import Text, plain
from costopt.ledger.files import FRONTIER, PATIENCE, replace, sync_folder, told, writing
from costopt.ledger.wording import worded
from costopt.models.money import EXACT
from costopt.models.result import Frozen, Result

RATE_DIGITS: Final = 15
"""The most digits that a rate may have behind the point."""

_MOST_USD: Final = Decimal(10**9)


def _number(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("is not a number")  # noqa: TRY004 - Pydantic reports only these
    return Decimal(value)


def _rate(amount: Decimal) -> Decimal:
    if not amount.is_finite() or not 0 <= amount <= _MOST_USD:
        raise ValueError(f"is not between 0 and {_MOST_USD:,} USD")
    if amount != amount.quantize(Decimal(1).scaleb(-RATE_DIGITS), context=EXACT):
        raise ValueError(f"has more than {RATE_DIGITS} digits behind the point")
    return amount


def _seen(name: str) -> str:
    if not name.strip():
        raise ValueError("is empty")
    return name


class Frontier(BaseModel):
    """A frontier model at a flat rate. Keys that costopt does not know stay with it.

    Attributes:
        model_name: Its name, by which it is found.
        cost_per_1k_tokens_usd: For a thousand tokens, input or output.
        capabilities: What it is good at.
        last_updated: When the rate was set, in Unix seconds.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    model_name: Annotated[Text, AfterValidator(_seen)]
    cost_per_1k_tokens_usd: Annotated[Decimal, BeforeValidator(_number), AfterValidator(_rate)]
    capabilities: tuple[str, ...] = ()
    last_updated: Annotated[int, Field(ge=0, strict=True)] = 0


class FrontierRow(Frozen):
    """What is told of a frontier model; see `Frontier`."""

    model_name: str
    cost_per_1k_tokens_usd: Decimal
    capabilities: tuple[str, ...]
    last_updated: int


class FrontierList(Result):
    """Frontier models, in the order of their file."""

    kind: ClassVar[str] = "frontier"
    models: tuple[FrontierRow, ...]


_LIST: Final = TypeAdapter(tuple[Frontier, ...])


def frontier_models(state: Path) -> dict[str, Frontier]:
    """The frontier models of a state folder by name, in the order of the file; none without a file.

    Raises:
        LedgerError: if the file cannot be read, or is not a list of frontier models.
    """
    path = state / FRONTIER
    return read_frontier(path) if path.exists() else {}


def frontier_model(state: Path, name: str) -> Frontier:
    """The frontier model of that name.

    Raises:
        ConfigError: if there is none.
        LedgerError: if the file cannot be read, or is not a list of frontier models.
    """
    return known_frontier(frontier_models(state), name)


def known_frontier(models: Mapping[str, Frontier], name: str) -> Frontier:
    """The one of that name.

    Raises:
        ConfigError: if there is none.
    """
    if name in models:
        return models[name]
    near = get_close_matches(name, models, n=1)
    names = ", ".join(f"`{known}`" for known in models)
    listed = f"the frontier models are {names}" if models else "there is none yet; set one and its rate first"
    raise ConfigError(
        f"`{name}` is not a frontier model", hint=f"did you mean `{near[0]}`?" if near else listed
    )


def listed_models(models: Iterable[Frontier]) -> FrontierList:
    """The models as a result."""
    names = tuple(FrontierRow.model_fields)
    rows = ({name: getattr(model, name) for name in names} for model in models)
    return FrontierList(models=tuple(FrontierRow(**row) for row in rows))


def set_frontier(state: Path, models: Iterable[Frontier], timeout: float = PATIENCE) -> dict[str, Frontier]:
    """Adds frontier models, or replaces those of the same names; keys that costopt does not know stay with them.

    Args:
        state: The state folder, which is made if there is none.
        models: Of one name, the last one stays. Those of another file are given by `read_frontier`.
        timeout: Seconds to wait for another writer.

    Returns:
        All that there are now.

    Raises:
        LedgerError: if the file is not a list of frontier models, or cannot be written.
    """

    def added(known: dict[str, Frontier]) -> dict[str, Frontier]:
        for model in models:
            before = known.get(model.model_name)
            kept = (before.model_extra or {}) if before else {}
            known[model.model_name] = Frontier(**{**kept, **model.model_dump()})
        return known

    return _changed(state, added, timeout)


def remove_frontier(state: Path, name: str, timeout: float = PATIENCE) -> dict[str, Frontier]:
    """Removes a frontier model; gives all that are left.

    Raises:
        ConfigError: if there is none of that name.
        LedgerError: if the file is not a list of frontier models, or cannot be written.
    """

    def removed(known: dict[str, Frontier]) -> dict[str, Frontier]:
        gone = known_frontier(known, name)
        return {other: model for other, model in known.items() if model is not gone}

    return _changed(state, removed, timeout)


def read_frontier(path: Path) -> dict[str, Frontier]:
    """The frontier models in a file of the same form, by name.

    Raises:
        LedgerError: if it cannot be read, or is not a list of frontier models, each with a name of its own.
    """
    with told(path, "read"):
        content = path.read_bytes()
    try:
        listed = json.loads(content, parse_float=Decimal, parse_constant=_no_number)
        models = _LIST.validate_python(listed)
    except ValidationError as error:
        raise _broken(path, worded(error, "model")) from error
    except (ValueError, RecursionError) as error:
        raise _broken(path, str(error)) from error
    by_name = {model.model_name: model for model in models}
    if len(by_name) < len(models):
        raise _broken(path, "a model is in it twice")
    return by_name


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a number")


def _broken(path: Path, reason: str) -> LedgerError:
    hint = "mend it there; each model has a `model_name` and `cost_per_1k_tokens_usd`"
    return LedgerError(f"`{path}` is not a list of frontier models: {reason}", hint=hint)


def _changed(
    state: Path, change: Callable[[dict[str, Frontier]], dict[str, Frontier]], timeout: float
) -> dict[str, Frontier]:
    path = state / FRONTIER
    with writing(state, FRONTIER, timeout):
        models = change(frontier_models(state))
        parts = [_text(model.model_dump(), ",\n    ", ("{\n    ", "\n  }")) for model in models.values()]
        listed = "[\n  " + ",\n  ".join(parts) + "\n]\n" if parts else "[]\n"
        with told(path):
            replace(path, listed.encode("utf-8", "backslashreplace"))
            sync_folder(state)
    return models


def _text(value: object, between: str = ", ", around: tuple[str, str] = ("{", "}")) -> str:
    """JSON in which a decimal number keeps its digits."""
    match value:
        case Decimal():
            return plain(value)
        case dict():
            return between.join(f"{_text(name)}: {_text(inner)}" for name, inner in value.items()).join(
                around
            )
        case list() | tuple():
            return ", ".join(map(_text, value)).join("[]")
        case _:
            return json.dumps(value, ensure_ascii=False)
