"""The options of `costopt pricing`, each spelled once; those it shares with others are in `options`."""

from pathlib import Path
from typing import Annotated, Final, Literal

import typer

_MOST: Final = 10**12
"""Tokens a request can have, as in a log."""

ModelName = Annotated[
    str, typer.Argument(metavar="MODEL", help="The model's name as a log spells it.", show_default=False)
]
Provider = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Who serves it; inferred from the model where it is left out."),
]
OfProvider = Annotated[str | None, typer.Option("--provider", metavar="NAME", help="Only this one's models.")]
Matching = Annotated[
    str | None, typer.Option("--match", metavar="TEXT", help="Only models with this in their names.")
]
Mode = Annotated[
    Literal["standard", "batch", "flex", "priority"] | None, typer.Option(help="Only this mode.")
]
At = Annotated[
    str | None,
    typer.Option(metavar="TIME", help="The prices of this day or time, UTC unless it says otherwise."),
]
Moment = Annotated[
    str | None,
    typer.Option("--at", metavar="TIME", help="When it is made, UTC unless it says otherwise; now."),
]
InputTokens = Annotated[
    int, typer.Option("--input", metavar="N", min=0, max=_MOST, help="ALL input tokens.", show_default=False)
]
OutputTokens = Annotated[
    int,
    typer.Option("--output", metavar="N", min=0, max=_MOST, help="ALL output tokens.", show_default=False),
]
Cached = Annotated[
    int,
    typer.Option(
        "--cached",
        metavar="N",
        min=0,
        max=_MOST,
        help="Input tokens read from the cache.",
        show_default=False,
    ),
]
CacheWrite = Annotated[
    int,
    typer.Option(
        "--cache-write",
        metavar="N",
        min=0,
        max=_MOST,
        help="Input tokens written to the cache.",
        show_default=False,
    ),
]
CacheWrite1h = Annotated[
    int,
    typer.Option(
        "--cache-write-1h",
        metavar="N",
        min=0,
        max=_MOST,
        help="Those of them kept for an hour.",
        show_default=False,
    ),
]
Reasoning = Annotated[
    int,
    typer.Option(
        "--reasoning",
        metavar="N",
        min=0,
        max=_MOST,
        help="Output tokens spent on reasoning.",
        show_default=False,
    ),
]
InputAudio = Annotated[
    int,
    typer.Option(
        "--input-audio",
        metavar="N",
        min=0,
        max=_MOST,
        help="Input tokens that are audio.",
        show_default=False,
    ),
]
CachedAudio = Annotated[
    int,
    typer.Option(
        "--cached-audio",
        metavar="N",
        min=0,
        max=_MOST,
        help="Those of them read from the cache.",
        show_default=False,
    ),
]
InputImage = Annotated[
    int,
    typer.Option(
        "--input-image",
        metavar="N",
        min=0,
        max=_MOST,
        help="Input tokens that are images.",
        show_default=False,
    ),
]
CachedImage = Annotated[
    int,
    typer.Option(
        "--cached-image",
        metavar="N",
        min=0,
        max=_MOST,
        help="Those of them read from the cache.",
        show_default=False,
    ),
]
OutputAudio = Annotated[
    int,
    typer.Option(
        "--output-audio",
        metavar="N",
        min=0,
        max=_MOST,
        help="Output tokens that are audio.",
        show_default=False,
    ),
]
OutputImage = Annotated[
    int,
    typer.Option(
        "--output-image",
        metavar="N",
        min=0,
        max=_MOST,
        help="Output tokens that are images.",
        show_default=False,
    ),
]
WebSearches = Annotated[
    int,
    typer.Option(
        "--web-searches",
        metavar="N",
        min=0,
        max=_MOST,
        help="Searches billed by the piece.",
        show_default=False,
    ),
]
AsMode = Annotated[
    Literal["standard", "batch", "flex", "priority"], typer.Option("--mode", help="How it is processed.")
]
# `--output` is a count of tokens there.
FormOnly = Annotated[
    Literal["table", "json", "csv", "md", "html"],
    typer.Option("-o", "--form", help="Form of the report.", envvar="COSTOPT_OUTPUT"),
]
Before = Annotated[
    str,
    typer.Argument(
        metavar="BEFORE",
        help="A catalog or price list: FILE, shipped, catalog, genai-prices, litellm, tokencostauto.",
        show_default=False,
    ),
]
After = Annotated[str, typer.Argument(metavar="AFTER", help="Another one.", show_default=False)]
PriceListName = Annotated[
    str,
    typer.Option(
        "--from",
        metavar="LIST",
        help="genai-prices, litellm or tokencostauto (installed), or a FILE of one of their forms.",
        show_default=False,
    ),
]
Into = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="The catalog file to write; your own, over the shipped one."),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would be written.")]
PreferList = Annotated[
    bool, typer.Option("--prefer-list", help="Where both have a price, take the list's, from a day on.")
]
Effective = Annotated[
    str | None,
    typer.Option(
        metavar="DAY", help="First day of prices that changed without a date; the list's own, or today."
    ),
]
CheckedOn = Annotated[
    str | None, typer.Option("--at", metavar="DAY", help="The day to look from at old prices; today.")
]
StaleDays = Annotated[
    int, typer.Option(metavar="N", min=0, help="Days after which a price should be verified again.")
]
CheckedFile = Annotated[
    Path | None,
    typer.Argument(
        metavar="FILE",
        help="A file to check on top of the catalog; the catalog as it is where it is left out.",
        envvar="COSTOPT_PRICING",
        show_default=False,
    ),
]
