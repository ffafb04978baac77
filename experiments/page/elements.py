"""Parts of a page: the frame, contents, prose, figures and tables, well-formed as XML too."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Sequence
from html import escape
from importlib import resources

from matplotlib.figure import Figure

_ENDS = r"[-+\N{MINUS SIGN}.,e%\d ]{1,30}"
_INTERVAL = re.compile(rf"\[{_ENDS}\]|\({_ENDS} to {_ENDS}\)")


def document(title: str, body: Iterable[str]) -> str:
    """A whole page that needs nothing else: no script, no network.

    >>> document("A page", ["<p>Words.</p>"]).count("<p>")
    1
    """
    parts = [
        "<!DOCTYPE html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8"/>',
        '<meta name="viewport" content="width=device-width, initial-scale=1"/>',
        f"<title>{plain(title)}</title>",
        f"<style>\n{_style()}</style>",
        "</head>",
        '<body class="report">',
        "<main>",
        *body,
        "</main>",
        "</body>",
        "</html>",
        "",
    ]
    return "\n".join(parts)


def _style() -> str:
    """The look of the derivation's page, and what the report has beside."""
    files = (
        resources.files("repdyn.symbolic.document") / "page.css",
        resources.files("repdyn.experiments.page") / "report.css",
    )
    return "\n".join(file.read_text("utf-8") for file in files)


def navigation(entries: Iterable[tuple[str, str]]) -> str:
    """Links to parts of the page, each by its anchor and title; at the side where there is room."""
    lines = (f'<li><a href="#{anchor}">{prose(title)}</a></li>' for anchor, title in entries)
    return "\n".join(['<nav aria-label="Contents">', "<h2>Contents</h2>", "<ol>", *lines, "</ol>", "</nav>"])


def illustrated(drawn: Figure, svg: str, alt: str, caption: str, name: str, number: int) -> str:
    """A figure with its number and caption, of the size at which it was drawn.

    Args:
        drawn: the figure.
        svg: its drawing.
        alt: what it shows, for those who cannot see it.
        caption: what stands under it.
        name: what a link to it ends in.
        number: of the figure.
    """
    width, height = (round(96 * inches) for inches in drawn.get_size_inches())
    source = f"data:image/svg+xml;base64,{b64encode(svg.encode()).decode()}"
    return (
        f'<figure id="{name}">'
        f'<div class="plate" tabindex="0" role="group" aria-label="Figure {number}">'
        f'<img alt="{plain(alt)}" width="{width}" height="{height}" style="--natural: {width}px" '
        f'src="{source}"/></div>'
        f"<figcaption><b>Figure {number}.</b> {prose(caption)}</figcaption></figure>"
    )


def tabulated(caption: str, columns: Sequence[str], rows: Sequence[Sequence[str]], label: str) -> str:
    """A table that scrolls by itself where it is too wide; columns of numbers are set to the right."""
    kinds = [' class="number"' if _are_numbers(row[i] for row in rows) else "" for i in range(len(columns))]
    head = "".join(f'<th scope="col"{kind}>{prose(name)}</th>' for name, kind in zip(columns, kinds, strict=True))
    body = (
        f"<tr>{''.join(f'<td{kind}>{prose(value)}</td>' for value, kind in zip(row, kinds, strict=True))}</tr>"
        for row in rows
    )
    lines = [
        '<figure class="tabulated">',
        f"<figcaption>{caption}</figcaption>",
        f'<div class="scroll" tabindex="0" role="group" aria-label="{plain(label)}"><table>',
        f"<thead><tr>{head}</tr></thead>",
        "<tbody>",
        *body,
        "</tbody></table></div></figure>",
    ]
    return "\n".join(lines)


def _are_numbers(cells: Iterable[str]) -> bool:
    """Whether every cell that says something begins with a number."""
    words = [cell.split()[0].strip("<>≈±,%").replace("\N{MINUS SIGN}", "-") for cell in cells if cell.strip("- ")]
    try:
        return bool([float(word) for word in words])
    except ValueError:
        return False


def prose(words: str) -> str:
    """Plain text with ``code`` in backticks; an interval, [0.1, 0.2] or (0.1 to 0.2), stays on one line."""
    kept = _INTERVAL.sub(r'<span class="interval">\g<0></span>', plain(words)).replace("|²", "|\N{WORD JOINER}²")
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", kept)


def plain(words: str) -> str:
    """Text escaped; characters that XML does not allow, such as a terminal's colours, become question marks."""
    return escape(re.sub("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\N{REPLACEMENT CHARACTER}", words))
