"""What `costopt convert` does beyond reading logs."""

from dataclasses import dataclass
from functools import partial
from typing import Final

from costopt.cli.loading import Billing, listed
from costopt.cli.options import ConvertOptions
from costopt.config import load_config
from costopt.intake.convert import Conversion, Spool, check_target, write
from costopt.intake.converted import metadata_of
from costopt.models.schema import REQUESTS

_COLUMNS: Final = tuple(name for name in REQUESTS if name != "prompt")


@dataclass(frozen=True)
class Converting(Billing):
    """The options of `costopt convert`, and the configuration file, made one."""

    options: ConvertOptions

    def convert(self) -> Conversion:
        """Write the requests of the logs; nothing is written if they cannot be read."""
        options, target = self.options, self.options.to
        check_target(target, overwrite=options.overwrite)
        columns = (*_COLUMNS, *(["prompt"] if options.prompts else []), *listed(options.keep or ""))
        with Spool(target) as spool:
            loaded = self.load(self.catalog(), [], columns=columns, sink=spool.add)
            told = loaded.provenance
            files, written = write(spool, target, partial(metadata_of, told.intake, told.catalog))
        return Conversion(
            period=told.period,
            intake=told.intake,
            catalog=told.catalog,
            to=str(target),
            columns=written,
            files=tuple(files),
        )


def converting(options: ConvertOptions) -> Converting:
    """The options with their configuration file."""
    return Converting(options, load_config(options.config))
