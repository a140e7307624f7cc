"""Read the contracts that recordings and invoices go by."""

from collections.abc import Sequence
from pathlib import Path

from costopt.calculators.gainshare.contract_file import ContractFile, Names, read_contracts
from costopt.calculators.gainshare.contracts import Contract
from costopt.calculators.routing.policy_file import find_model
from costopt.cli.loading import open_catalog
from costopt.config import load_config
from costopt.errors import ConfigError
from costopt.ledger.frontier import frontier_models
from costopt.pricing.catalog import Catalog
from costopt.pricing.lending import model_of


def contracts_of(
    files: Sequence[Path], catalog: Catalog, state: Path, *, recording: bool = False
) -> tuple[Contract, ...]:
    """The contracts; their baselines are models as a recording names them.

    Args:
        files: Theirs.
        catalog: The prices.
        state: The state folder, with the frontier models.
        recording: Whether requests are to be compared with their baselines now; what was recorded may be invoiced
            without a flat rate.

    Raises:
        ConfigError: A file cannot be read, or says what is not allowed.
    """

    def named(name: str) -> str | None:
        number = find_model(catalog, name)
        return None if number is None else model_of(catalog, number).name

    listed = {model.name for model in catalog.models}
    return read_contracts(map(_content, files), Names(frontier_models(state), listed, named, recording))


def invoiced_contracts(
    files: Sequence[Path] | None, pricing: Path | None, config: Path | None, state: Path
) -> tuple[Contract, ...]:
    """The contracts that an invoice is made by, with baselines of the catalog that the options ask for.

    Raises:
        ConfigError: There is no file, one cannot be read, or says what is not allowed.
    """
    catalog = open_catalog(pricing, load_config(config))
    if not files:
        raise ConfigError("An invoice needs the contract", hint="name its file: `--contracts FILE`")
    return contracts_of(files, catalog, state)


def _content(path: Path) -> ContractFile:
    try:
        return ContractFile(str(path), path.read_bytes())
    except OSError as error:
        raise ConfigError(
            f"Cannot read the contracts `{path}`: {error.strerror}", hint="check the path and its permissions"
        ) from error
