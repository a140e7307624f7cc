"""The options of the commands that share savings, spelled once."""

from pathlib import Path
from typing import Annotated, Literal

import typer

StateFolder = Annotated[
    Path | None,
    typer.Option(
        "--state",
        metavar="DIR",
        help="The folder of the ledger, the frontier models and the invoices.",
        envvar="COSTOPT_STATE",
        file_okay=False,
        show_default="the platform's folder for data",
    ),
]
SourceName = Annotated[
    str | None,
    typer.Option(
        "--source",
        metavar="NAME",
        help="The name of the log; its days are recorded once, and with other figures corrected.",
        show_default="logs",
    ),
]
Baseline = Annotated[
    str | None,
    typer.Option(
        "--baseline",
        metavar="MODEL",
        help="What to compare with: a model of the catalog, or a frontier model.",
        show_default="the dearest frontier model",
    ),
]
BaselineContracts = Annotated[
    list[Path] | None,
    typer.Option(
        "--contracts",
        metavar="FILE",
        help="Compare with the baselines of these contracts; without --baseline nothing else. May be repeated.",
        envvar="COSTOPT_CONTRACTS",
    ),
]
Replace = Annotated[
    bool,
    typer.Option("--replace", help="Record days again of which the logs now have fewer requests."),
]
BaselineList = Annotated[
    str | None,
    typer.Option(
        "--baseline",
        metavar="MODELS",
        help="What to compare with: models of the catalog or frontier models, separated by commas.",
        show_default="the dearest frontier model",
    ),
]
Flat = Annotated[
    bool, typer.Option("--flat", help="The frontier model's flat rate, even if the catalog has the model.")
]
PerRequest = Annotated[
    bool, typer.Option("--per-request", help="An entry for each request, by its id, instead of each day.")
]
Tenant = Annotated[str, typer.Option("--tenant", metavar="NAME", help="The customer, as the ledger has it.")]
OfTenant = Annotated[str | None, typer.Option("--tenant", metavar="NAME", help="Only this customer.")]
OfBaseline = Annotated[
    str | None,
    typer.Option("--baseline", metavar="NAME", help='Only what was compared with this one; "" for nothing.'),
]
OfBaselines = Annotated[
    str | None,
    typer.Option(
        "--baseline",
        metavar="NAMES",
        help='Only what was compared with these, separated by commas; "" for nothing.',
    ),
]
OfSource = Annotated[str | None, typer.Option("--source", metavar="NAME", help="Only of this log.")]
OfMonth = Annotated[
    str | None, typer.Option("--month", metavar="MONTH", help="Only this UTC month, such as 2026-10.")
]
EntryName = Annotated[
    str | None, typer.Option("--id", metavar="ID", help="Only the entry of this id, or of its first digits.")
]
History = Annotated[
    bool, typer.Option("--history", help="Also entries that were corrected or withdrawn, and by what.")
]
TopEntries = Annotated[
    int | None,
    typer.Option(
        "--top",
        metavar="N",
        min=1,
        help="Only the first N; what they come to is that of all.",
        show_default="50; all in JSON and CSV",
    ),
]
Pct = Annotated[str, typer.Option("--pct", metavar="PERCENT", help="The provider's share of the savings.")]
Pcts = Annotated[
    str, typer.Option("--pct", metavar="PERCENTS", help="The provider's shares, separated by commas.")
]
By = Annotated[
    str,
    typer.Option(
        "--by", metavar="KEYS", help="tenant, model, adapter, month, baseline; separated by commas."
    ),
]
Every = Annotated[
    Literal["1d", "1w", "1mo"], typer.Option(help="What the trend is by: days, weeks or months.")
]
LosingMonth = Annotated[
    Literal["nothing", "carry_forward"],
    typer.Option("--losing-month", help="What becomes of savings below 0."),
]
MonthName = Annotated[str, typer.Option("--month", metavar="MONTH", help="The UTC month, such as 2026-10.")]
ContractFiles = Annotated[
    list[Path] | None,
    typer.Option(
        "--contracts", metavar="FILE", help="Contracts, as TOML; may be repeated.", envvar="COSTOPT_CONTRACTS"
    ),
]
Close = Annotated[
    bool, typer.Option("--close", help="Keep the invoice as it is, and let nothing change its month.")
]
FrontierName = Annotated[str, typer.Argument(metavar="NAME", help="The frontier model.", show_default=False)]
Rate = Annotated[
    str,
    typer.Argument(
        metavar="USD", help="What a thousand tokens cost, input or output, such as 0.03.", show_default=False
    ),
]
Capabilities = Annotated[
    list[str] | None,
    typer.Option(
        "--capability",
        metavar="WORD",
        help="What it is good at; may be repeated.",
        show_default="those it has",
    ),
]
FrontierFile = Annotated[
    Path,
    typer.Argument(metavar="FILE", help="A list of frontier models, as JSON.", show_default=False),
]
MetricsFile = Annotated[
    Path,
    typer.Option(
        "--to",
        metavar="FILE",
        help="For the node exporter's textfile collector, which wants its name to end in .prom.",
        show_default=False,
    ),
]
