"""The document in Markdown, with mathematics as GitHub and Pandoc read it."""

from __future__ import annotations

from .contents import Block, Document, Equation, Figure, Heading, Paragraph, Quantities, Unproved
from .equation import aligned, fenced
from .prose import Citations, written


def markdown(document: Document) -> str:
    """The document in Markdown."""
    parts = [f"# {document.title}", _prose(document.introduction, document.citations), f"**{document.summary}**"]
    parts += [part for block in document.blocks for part in _block(block, document.citations)]
    if document.citations.numbers:
        parts.append("## References")
        for number, paper in document.citations:
            where = f" [arXiv {paper.arxiv}]({paper.url})." if paper.url else ""
            parts.append(
                f'<a id="reference-{number}"></a>[{number}] {paper.authors}. *{paper.title}*. {paper.venue}.{where}'
            )
    return "\n\n".join(parts) + "\n"


def _block(block: Block, citations: Citations) -> list[str]:
    match block:
        case Heading():
            mark = {True: " ✓", False: " ✗", None: ""}[block.proved]
            parts = [f"{'#' * (block.level + 1)} {block.number}. {block.title}{mark}"]
        case Paragraph():
            parts = [_prose(block.text, citations)]
        case Quantities():
            rows = (f"| ${fenced(symbol)}$ | `{name}` | {kind} |" for symbol, name, kind in block.rows)
            parts = ["\n".join(["| symbol | in code | |", "|---|---|---|", *rows])]
        case Equation():
            parts = [f"$$\n{aligned(block.lines)} \\tag{{{block.number}}}\n$$"]
        case Figure():
            caption = f"*Figure {block.number}.* {_prose(block.illustration.caption, citations)}"
            parts = [f"![{block.illustration.alt}]({block.illustration.embedded})", caption]
        case Unproved():
            parts = [f"**Not verified:** {block.reason}"]
    return parts


def _prose(text: str, citations: Citations) -> str:
    return written(
        text,
        {
            "text": lambda words: words,
            "math": lambda words: f"${fenced(words)}$",
            "code": lambda words: f"`{words}`",
            "citation": lambda words: f"[[{citations.numbers[words]}]](#reference-{citations.numbers[words]})",
        },
    )
