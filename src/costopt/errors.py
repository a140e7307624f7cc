"""The errors a user can mend: a message, a hint, and a slug that the documentation explains."""

from typing import ClassVar


class CostoptError(Exception):
    """The user's input cannot be used as it is; caught once, in `costopt.cli.main`.

    Args:
        message: What is wrong, naming file, line and key where there are any.
        hint: What to do about it.
    """

    slug: ClassVar[str] = "input"

    def __init__(self, message: str, *, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class SourceError(CostoptError):
    """A log file cannot be opened, unpacked, or found."""

    slug = "source"


class FormatError(CostoptError):
    """A log is readable, but its columns are not understood."""

    slug = "format"


class RejectedError(CostoptError):
    """`--strict` was given and a line was rejected."""

    slug = "rejected"


class CatalogError(CostoptError):
    """The price catalog is malformed, or lacks the price that was asked for."""

    slug = "catalog"


class ConfigError(CostoptError):
    """The configuration file or an option's value is malformed."""

    slug = "config"


class OutputError(CostoptError):
    """The report cannot be written where it was asked for."""

    slug = "output"


class LedgerError(CostoptError):
    """The ledger of savings, or another file of the state, is in use, damaged, or cannot be written."""

    slug = "ledger"
