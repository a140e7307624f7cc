"""Read contracts from TOML; whatever is not understood is refused, never skipped.

```toml
schema = 1

[[contract]]
tenant = "acme-corp"
start = 2026-01-01               # the first day, UTC
end = 2026-12-31                 # the last day; leave it out where there is none
percentage = 25                  # of the savings; or `[[contract.tier]]` with `above` and `percentage`
base_fee = 500                   # and `minimum`, `cap`, `floor`
currency = "EUR"                 # US dollars where it is left out
exchange = [{ from = 2026-01-01, usd = 1.08 }]
baseline = "openai/gpt-5.5"      # or `[[contract.baseline]]` with `model`, `flat`, `capability`, `tag`, `start`, `end`
rounding = "half_up"             # or "half_even"; to `decimals`, which are 2 where it is left out
losing_month = "carry_forward"   # or "nothing", which holds where it is left out
```

What each term means is said in `costopt.calculators.gainshare.contracts`.
"""

import datetime as dt
import difflib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Final, NamedTuple

import tomli

from costopt.calculators.gainshare.contract_terms import read_contract
from costopt.calculators.gainshare.contracts import Baseline, Contract
from costopt.calculators.gainshare.months import month_of
from costopt.errors import ConfigError
from costopt.pricing.fields import Problem, Table, check_keys, check_schema, subtables, within
from costopt.pricing.lines import line_of

SCHEMA: Final = 1
TOP_KEYS: Final = ("schema", "contract")
_DAY: Final = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ContractFile:
    """A file of contracts: how it is called in messages, and its bytes."""

    path: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Names:
    """The names that baselines may have.

    Attributes:
        frontier: Of the frontier models, which have a flat rate.
        catalog: Of the catalog's models.
        named: Gives what the catalog calls a model that is named so; None where it has none.
        recording: Whether requests are to be compared now: then a flat rate has to be there, and a name has to be
            the one that is recorded, or the invoice would not find it.
    """

    frontier: Collection[str]
    catalog: Collection[str]
    named: Callable[[str], str | None]
    recording: bool = False


class _Placed(NamedTuple):
    """A contract, and where it stands."""

    contract: Contract
    path: str
    number: int
    content: str

    @property
    def line(self) -> int:
        """Found only when it is asked for: of a thousand contracts nobody wants to know it."""
        return line_of(self.content, ("contract", self.number))

    @property
    def order(self) -> tuple[str, dt.date, str, int]:
        return self.contract.tenant, self.contract.start, self.path, self.number


def read_contracts(files: Iterable[ContractFile], names: Names | None = None) -> tuple[Contract, ...]:
    """The contracts of all files together, by tenant and first day; the order of the files is irrelevant.

    Args:
        files: The files.
        names: The names that a baseline may have; None where any will do.

    Raises:
        ConfigError: A file is not TOML or says something that is not allowed, or two contracts of a tenant do not
            go together. It names the file, the line, the key, and what was expected.
    """
    placed = sorted((each for file in files for each in _contracts(file, names)), key=lambda each: each.order)
    for earlier, later in pairwise(placed):
        if earlier.contract.tenant == later.contract.tenant:
            _check_together(earlier, later)
    return tuple(each.contract for each in placed)


def _contracts(file: ContractFile, names: Names | None) -> Sequence[_Placed]:
    tables, content = _parsed(file)
    try:
        contracts = _listed(tables)
        if names:
            for number, contract in enumerate(contracts):
                with within(f"contract {number + 1}", "contract", number):
                    _check_baselines(contract, names)
    except Problem as problem:
        place = f"`{file.path}`, line {line_of(content, problem.path)}"
        raise ConfigError(f"{place}: {problem}", hint=problem.hint) from problem
    return [_Placed(contract, file.path, number, content) for number, contract in enumerate(contracts)]


def _listed(tables: Table) -> list[Contract]:
    check_keys(tables, TOP_KEYS)
    check_schema(tables, SCHEMA)
    found = []
    for number, table in enumerate(subtables(tables, "contract")):
        with within(f"contract {number + 1}", "contract", number):
            found.append(read_contract(table))
    if not found:
        raise Problem("it has no contract", hint="add a `[[contract]]`")
    return found


def _parsed(file: ContractFile) -> tuple[Mapping[str, object], str]:
    try:
        content = file.content.decode("utf-8-sig")
        return tomli.loads(content, parse_float=Decimal), content
    except UnicodeDecodeError as error:
        raise ConfigError(f"`{file.path}` is not UTF-8: {error.reason}", hint="save it as UTF-8") from error
    except tomli.TOMLDecodeError as error:
        raise ConfigError(
            f"`{file.path}` is not valid TOML: {error}", hint="mend the syntax there"
        ) from error
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise ConfigError(
            f"`{file.path}` has a number or nesting beyond all measure", hint="no contract is that large"
        ) from error


# Contracts beside others


def _check_baselines(contract: Contract, names: Names) -> None:
    """A baseline that nobody knows is a misspelling: nothing would ever be compared with it."""
    for index, each in enumerate(contract.baseline):
        called = names.named(each.model)
        is_known = each.model in {called, *names.frontier} or each.model in names.catalog
        if not is_known:
            near = difflib.get_close_matches(each.model, {*names.catalog, *names.frontier}, n=1)
            raise Problem(
                f"the baseline `{each.model}` is neither in the catalog nor a frontier model",
                hint=f"did you mean `{near[0]}`?"
                if near
                else "`costopt frontier list` names frontier models",
                path=("baseline", index, "model"),
            )
        if names.recording:
            _check_recorded(each, called, names.frontier, index)


def _check_recorded(each: Baseline, called: str | None, frontier: Collection[str], index: int) -> None:
    if each.flat and each.model not in frontier:
        raise Problem(
            f"the baseline `{each.model}` has no flat rate",
            hint=f"set it: `costopt frontier set {each.model} USD`",
            path=("baseline", index, "flat"),
        )
    if not each.flat and called not in {None, each.model}:
        raise Problem(
            f"the baseline `{each.model}` is `{called}` in the catalog",
            hint=f"write `{called}`; or `flat = true`, for the rate of the frontier model `{each.model}`",
            path=("baseline", index, "model"),
        )


def _check_together(earlier: _Placed, later: _Placed) -> None:
    one, other = earlier.contract, later.contract
    place = f"`{later.path}`, line {later.line}: contract {later.number + 1}"
    first = f"that of `{one.tenant}` from {one.start} (`{earlier.path}`, line {earlier.line})"
    if other.start <= one.last:
        before = other.start - _DAY if other.start > one.start else None
        raise ConfigError(
            f"{place}: it begins on {other.start}, while {first} still holds",
            hint=f"end that one before: `end = {before}`" if before else "keep one of the two",
        )
    shared = month_of(one.last) == month_of(other.start)
    if shared and (one.currency, one.rounding, one.decimals) != (
        other.currency,
        other.rounding,
        other.decimals,
    ):
        raise ConfigError(
            f"{place}: it has another currency or rounding than {first}, and both hold in {month_of(other.start)}",
            hint="a month has one invoice: let the change begin with a month",
        )
