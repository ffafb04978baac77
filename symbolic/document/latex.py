"""The document in LaTeX, for the plain article class."""

from __future__ import annotations

import re

from .contents import Block, Document, Equation, Figure, Heading, Paragraph, Quantities, Unproved
from .equation import aligned, fenced
from .prose import Citations, written

_PREAMBLE = r"""\documentclass{article}
\usepackage[T1]{fontenc}
\usepackage[a4paper,margin=2.5cm]{geometry}
\usepackage{amsmath,amssymb,graphicx}
\usepackage[hidelinks]{hyperref}
\allowdisplaybreaks
\setcounter{secnumdepth}{0}"""

_MARKS = {True: r" $\checkmark$", False: r" $\times$"}


def latex(document: Document) -> str:
    """The document in LaTeX; it compiles by itself, with the figures' files beside it."""
    parts = [
        _PREAMBLE,
        rf"\title{{{_escaped(document.title)}}}",
        r"\author{}",
        r"\date{}",
        r"\begin{document}",
        r"\maketitle",
        _prose(document.introduction, document.citations),
        "",
        rf"\medskip\noindent\textbf{{{_escaped(document.summary)}}}",
        r"\tableofcontents",
    ]
    parts += [part for block in document.blocks for part in _block(block, document.citations)]
    if document.citations.numbers:
        parts.append(r"\begin{thebibliography}{9}")
        for number, paper in document.citations:
            where = rf" \href{{{paper.url}}}{{arXiv {paper.arxiv}}}." if paper.url else ""
            parts.append(
                rf"\bibitem{{reference-{number}}} {_escaped(paper.authors)}. \emph{{{_escaped(paper.title)}}}. "
                rf"{_escaped(paper.venue)}.{where}"
            )
        parts.append(r"\end{thebibliography}")
    return "\n".join([*parts, r"\end{document}", ""])


def _block(block: Block, citations: Citations) -> list[str]:
    match block:
        case Heading():
            command = {1: r"\section", 2: r"\subsection"}[block.level]
            # A PDF's own table of contents cannot show the mark.
            mark = "" if block.proved is None else rf"\texorpdfstring{{{_MARKS[block.proved]}}}{{}}"
            lines = [f"{command}{{{_prose(f'{block.number} {block.title}', citations)}{mark}}}"]
        case Paragraph():
            lines = ["", _prose(block.text, citations)]
        case Quantities():
            rows = (
                rf"${fenced(symbol)}$ & \texttt{{{_escaped(name)}}} & {_escaped(kind)} \\"
                for symbol, name, kind in block.rows
            )
            head = r"\begin{center}\begin{tabular}{lll}symbol & in code & \\ \hline"
            lines = [head, *rows, r"\end{tabular}\end{center}"]
        case Equation():
            label = rf"\tag{{{block.number}}}\label{{{block.anchor}}}"
            lines = [rf"\begin{{equation}}{aligned(block.lines)}{label}\end{{equation}}"]
        case Figure():
            lines = [
                r"\begin{figure}[htbp]\centering",
                rf"\includegraphics[width=\textwidth]{{{block.illustration.embedded}}}",
                rf"\caption{{{_prose(block.illustration.caption, citations)}}}\label{{{block.anchor}}}",
                r"\end{figure}",
            ]
        case Unproved():
            lines = [r"\begin{verbatim}", f"Not verified: {block.reason}", r"\end{verbatim}"]
    return lines


def _prose(text: str, citations: Citations) -> str:
    return written(
        text,
        {
            "text": _escaped,
            "math": lambda words: f"${fenced(words)}$",
            "code": lambda words: rf"\texttt{{{_escaped(words)}}}",
            "citation": lambda words: rf"\cite{{reference-{citations.numbers[words]}}}",
        },
    )


def _escaped(text: str) -> str:
    """Text with LaTeX's special characters escaped."""
    return re.sub(r"([&%#_$])", r"\\\1", text)
