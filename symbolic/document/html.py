"""The document as one HTML file that needs nothing else: mathematics as MathML, no script, no network."""

from __future__ import annotations

import re
from base64 import b64encode
from html import escape
from importlib import resources

from .contents import Block, Document, Equation, Figure, Heading, Paragraph, Quantities, Unproved
from .equation import fenced
from .mathml import mathml
from .prose import Citations, written

_MARKS = {
    True: ' <span class="proved" title="verified by exact algebra">✓<span class="said"> verified</span></span>',
    False: ' <span class="failed">✗<span class="said"> not verified</span></span>',
    None: "",
}


def html(document: Document) -> str:
    """The document in HTML, well-formed as XML too."""
    style = resources.files("repdyn.symbolic.document").joinpath("page.css").read_text("utf-8")
    citations = document.citations
    parts = [
        "<!DOCTYPE html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8"/>',
        '<meta name="viewport" content="width=device-width, initial-scale=1"/>',
        f"<title>{escape(document.title)}</title>",
        f"<style>\n{style}</style>",
        "</head>",
        "<body>",
        _contents(document),
        "<main>",
        "<header>",
        f"<h1>{escape(document.title)}</h1>",
        f'<p class="introduction">{_prose(document.introduction, citations)}</p>',
        f'<p class="summary">{escape(document.summary)}</p>',
        "</header>",
        *(_block(block, citations) for block in document.blocks),
        *_references(citations),
        "</main>",
        "</body>",
        "</html>",
        "",
    ]
    return "\n".join(parts)


def _contents(document: Document) -> str:
    """The table of contents: chapters, each with its steps."""
    lines = ['<nav aria-label="Contents">', "<h2>Contents</h2>", "<ol>"]
    inside = False
    for heading in document.headings:
        entry = (
            f'<a href="#{heading.anchor}"><span>{heading.number}</span> {_prose(heading.title, document.citations)}</a>'
        )
        if heading.level == 1:
            lines += ["</ol></li>"] if inside else []
            lines.append(f"<li>{entry}<ol>")
            inside = True
        else:
            lines.append(f"<li>{entry}</li>")
    lines += ["</ol></li>"] if inside else []
    if document.citations.numbers:
        lines.append('<li><a href="#references">References</a></li>')
    # A list without entries is no list.
    return "\n".join([*lines, "</ol>", "</nav>"]).replace("<ol></ol>", "").replace("<ol>\n</ol>", "")


def _block(block: Block, citations: Citations) -> str:
    match block:
        case Heading():
            tag = f"h{block.level + 1}"
            number = f'<a class="anchor" href="#{block.anchor}">{block.number}</a>'
            title = _prose(block.title, citations)
            text = f'<{tag} id="{block.anchor}">{number} {title}{_MARKS[block.proved]}</{tag}>'
        case Paragraph():
            text = f"<p>{_prose(block.text, citations)}</p>"
        case Quantities():
            text = _table(block)
        case Equation():
            text = (
                f'<div class="equation" id="{block.anchor}"><div class="formula" tabindex="0">'
                f"{mathml(block.lines, 'block')}</div>"
                f'<a class="anchor" href="#{block.anchor}">({block.number})</a></div>'
            )
        case Figure():
            text = _figure(block, citations)
        case Unproved():
            text = f'<p class="failed"><b>Not verified:</b> {escape(block.reason, quote=False)}</p>'
    return text


def _table(quantities: Quantities) -> str:
    rows = (
        f"<tr><td>{mathml((fenced(symbol),))}</td><td><code>{escape(name)}</code></td><td>{escape(kind)}</td></tr>"
        for symbol, name, kind in quantities.rows
    )
    head = "<thead><tr><th>symbol</th><th>in code</th><th></th></tr></thead>"
    return "\n".join(["<table>", head, "<tbody>", *rows, "</tbody>", "</table>"])


def _figure(figure: Figure, citations: Citations) -> str:
    illustration = figure.illustration
    source = f"data:image/svg+xml;base64,{b64encode(illustration.embedded.encode()).decode()}"
    caption = f"<b>Figure {figure.number}.</b> {_prose(illustration.caption, citations)}"
    return (
        f'<figure id="{figure.anchor}"><div class="plate" tabindex="0">'
        f'<img alt="{escape(illustration.alt)}" src="{source}"/></div>'
        f"<figcaption>{caption}</figcaption></figure>"
    )


def _references(citations: Citations) -> list[str]:
    if not citations.numbers:
        return []
    lines = ['<h2 id="references">References</h2>', '<ol class="references">']
    for number, paper in citations:
        where = f' <a href="{paper.url}">arXiv {paper.arxiv}</a>.' if paper.url else ""
        lines.append(
            f'<li id="reference-{number}">{escape(paper.authors)}. <cite>{escape(paper.title)}</cite>. '
            f"{escape(paper.venue)}.{where}</li>"
        )
    return [*lines, "</ol>"]


def _prose(text: str, citations: Citations) -> str:
    prose = written(
        text,
        {
            "text": escape,
            "math": lambda words: mathml((fenced(words),)),
            "code": lambda words: f"<code>{escape(words)}</code>",
            "citation": lambda words: (
                f'<a href="#reference-{citations.numbers[words]}">[{citations.numbers[words]}]</a>'
            ),
        },
    )
    # A formula and the comma after it stay on one line.
    return re.sub(r"</math>(?=[,.;:)])", "</math>\N{WORD JOINER}", prose)
