"""`costopt.toml`: what need not be typed every time. Flags and `COSTOPT_*` win over it."""

from pathlib import Path
from typing import Final, Literal

import tomli
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from costopt.errors import ConfigError

FILE_NAME: Final = "costopt.toml"

_WRONG: Final = {
    "extra_forbidden": "is not a key",
    "literal_error": "has a value that is not understood",
    "string_type": "is not a text",
    "bool_type": "is not true or false",
    "list_type": "is not a list",
    "dict_type": "is not a table",
    "model_type": "is not a table",
}


class BatchConfig(BaseModel):
    """`[batch]`: `tags` replaces the tags of requests that can wait."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    tags: list[str] | None = None


class Config(BaseModel):
    """The file.

    Attributes:
        pricing: A price catalog to lay over the shipped one and the user's, relative to the file.
        format: The log format, by name or as a TOML file, relative to the file.
        cost: Which cost counts.
        timezone: In which days begin and end.
        dedupe: Whether to remove requests that were read before.
        where: Which requests to bill.
        map: By canonical column, the log's column.
        set: By canonical column, a constant for logs that lack it.
        batch: For the batch advisor.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    pricing: str | None = None
    format: str | None = None
    cost: Literal["auto", "logged", "computed"] = "auto"
    timezone: str = "UTC"
    dedupe: bool = True
    where: str | None = None
    map: dict[str, str] = Field(default_factory=dict)
    set: dict[str, str] = Field(default_factory=dict)
    batch: BatchConfig = BatchConfig()


def load_config(path: Path | None) -> Config:
    """The configuration: that of the file, else of `costopt.toml` in the working directory, else the defaults.

    Raises:
        ConfigError: if the file is missing, is not TOML, or has a key or value that is not understood.
    """
    file = path or Path(FILE_NAME)
    if path is None and not file.is_file():
        return Config()
    try:
        values = tomli.loads(file.read_text(encoding="utf-8"))
        config = Config.model_validate(values)
    except OSError as error:
        raise ConfigError(f"Cannot read `{file}`: {error.strerror}", hint="check the path") from error
    except (tomli.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"`{file}` is not valid TOML: {error}", hint="mend the syntax there") from error
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        wrong = _WRONG.get(first["type"], first["msg"][:1].lower() + first["msg"][1:])
        expected = first.get("ctx", {}).get("expected", "")
        hint = f"the keys are {', '.join(f'`{name}`' for name in Config.model_fields)}"
        message = f"`{file}`: `{key}` {wrong}"
        raise ConfigError(message, hint=f"it is {expected}" if expected else hint) from error
    return config.model_copy(update=_beside(file, config))


def _beside(file: Path, config: Config) -> dict[str, str]:
    """The paths in the file, from where it is."""
    found = {}
    if config.pricing is not None:
        found["pricing"] = str(file.parent / config.pricing)
    if config.format is not None and config.format.endswith(".toml"):
        found["format"] = str(file.parent / config.format)
    return found
