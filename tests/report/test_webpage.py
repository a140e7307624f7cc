import io
import re
from decimal import Decimal
from html.parser import HTMLParser

import pytest
from inline_snapshot import snapshot

from costopt.report.document import Column, Document, Paragraph, Span, Table, line
from costopt.report.webpage import draw_webpage

HOSTILE = (
    "</title><script>alert(1)</script><img src=x onerror=alert(1)>\" onload='x' \u202e\x1b[31m &amp; \x00"
)
VOID = {"meta", "br"}


def drawn(*blocks: Paragraph | Table, title: str = "A report") -> str:
    file = io.StringIO()
    draw_webpage(Document(title, blocks), file)
    return file.getvalue()


def body(page: str) -> str:
    return page[page.index("<body>") :]


class Reader(HTMLParser):
    """What a browser makes of a page: its tags with their attributes, and its texts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, tuple[str, ...]]] = []
        self.texts: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(name for name, _ in attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_a_document_is_headings_lines_and_tables() -> None:
    page = drawn(
        Paragraph((line(Span("Spend", "strong"), "   $5"), line(), line("more"))),
        Paragraph((line(),)),
        Table(
            (Column("model"), Column("cost", "usd"), Column("", "bar")),
            (("a", Decimal(5), Decimal(50)), (None, None, None)),
            title="Models",
            more="3 more",
        ),
        Table((Column("n", "count"),), ()),
    )

    assert body(page) == snapshot("""\
<body>
<h1>A report</h1>
<p><span class="strong">Spend</span><span>   $5</span><br>
more</p>
<h2>Models</h2>
<div class="wide"><table>
<thead>
<tr><th>model</th><th class="number">cost</th><th class="bar"></th></tr>
</thead>
<tbody>
<tr><td>a</td><td class="number">$5.00</td><td class="bar">██████████</td></tr>
<tr><td>(none)</td><td class="number">?</td><td class="bar"></td></tr>
</tbody>
</table></div>
<p><span class="muted">3 more</span></p>
<div class="wide"><table>
<thead>
<tr><th class="number">n</th></tr>
</thead>
<tbody>
</tbody>
</table></div>
</body>
</html>
""")


def test_labels_before_lines_are_equally_wide() -> None:
    page = drawn(
        Paragraph((line(Span("a    ", "muted"), "x", Span(" y ", "muted")), line(Span("b", "muted"), "z")))
    )

    assert body(page).splitlines()[2:4] == [
        '<p><span class="label muted">a</span>x<span class="muted"> y </span><br>',
        '<span class="muted">b</span>z</p>',
    ]


def test_a_page_needs_nothing_from_elsewhere_and_runs_nothing() -> None:
    page = drawn(Paragraph((line("a"),)))

    assert re.findall(r"https?:|//|url\(|@import|<script|<link|<img|src=|href=", page) == []
    assert '<meta charset="utf-8">' in page
    assert "content=\"default-src 'none'; style-src 'unsafe-inline'\"" in page


def test_a_page_is_laid_out_for_paper() -> None:
    page = drawn()

    assert "@page { size: A4;" in page
    assert "@media print" in page
    assert "thead { display: table-header-group; }" in page


@pytest.mark.parametrize("place", ["title", "line", "span", "head", "cell", "table", "more"])
def test_no_text_is_html_wherever_it_stands(place: str) -> None:
    def text(at: str) -> str:
        return HOSTILE if place == at else "x"

    page = drawn(
        Paragraph((line(text("line"), Span(text("span"), "warn")),)),
        Table((Column(text("head")),), ((text("cell"),),), title=text("table"), more=text("more")),
        title=text("title"),
    )
    plain = Reader(page.replace("\n", ""))
    harmless = Reader(re.sub(r"&lt;/title&gt;.*?\\x00", "x", page).replace("\n", ""))

    assert plain.open == []
    assert plain.tags == harmless.tags
    assert {tag for tag, _ in plain.tags}.isdisjoint({"script", "img"})
    assert re.search(r"[\x00\x1b\u202e]", page) is None
    assert "</title><script>alert(1)</script>" in "".join(plain.texts)
