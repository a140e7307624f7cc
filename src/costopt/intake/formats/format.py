"""What a log format is: a way to recognise it, and where each canonical column is found."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["null", "bool", "int", "float", "str", "list", "object", "time"]
"""What was seen under a name; `time` is a column that is a time by its own type (Parquet)."""


@dataclass(frozen=True, slots=True)
class Field:
    """A place in a record: the steps down to it, and what was seen there.

    `("usage", "prompt_tokens")` is the `prompt_tokens` inside `usage`; a flat column has one step.
    """

    steps: tuple[str, ...]
    kinds: frozenset[Kind] = frozenset()

    @property
    def name(self) -> str:
        """The steps joined by dots, as `--map` takes them."""
        return ".".join(self.steps)

    @property
    def is_object(self) -> bool:
        """Whether nothing but objects was seen there, so that only what is in them can be read."""
        return self.kinds - {"null"} == {"object"}


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the user said about the columns: `--map` and `--set`, by canonical name."""

    columns: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Layout:
    """How one log is understood.

    Attributes:
        format: The format's name.
        columns: Where each canonical column (or extra column asked for) is found.
        constants: Values given by the user for columns the log lacks.
    """

    format: str
    columns: Mapping[str, Field]
    constants: Mapping[str, str]

    def missing(self, wanted: tuple[str, ...]) -> list[str]:
        """Those of the wanted columns that are neither in the log nor given."""
        return [name for name in wanted if name not in self.columns and name not in self.constants]


@dataclass(frozen=True, slots=True)
class Format:
    """A log format.

    Attributes:
        name: What `costopt inspect` calls it.
        columns: For the fields seen in a log, by dotted name: where the canonical columns are.
    """

    name: str
    columns: Callable[[Mapping[str, Field]], dict[str, Field]]
