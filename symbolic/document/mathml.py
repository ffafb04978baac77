"""LaTeX as MathML, which browsers set by themselves."""

from __future__ import annotations

import re

_SIGN = "<mo>&#x02212;</mo>"
_BEFORE_SIGN = re.compile(rf'(<mo>(?:&#x0003D;|&#x02192;|&#x0002C;)</mo>|<mo[^>]* form="prefix">[^<]*</mo>){_SIGN}')
_ACCENTED = re.compile(r"<mover>((?:<mi>[^<]*</mi>|<mrow>.*?</mrow>)<mo[^>]*>&#x0(?:02D9|00AF|007E);</mo></mover>)")
_CAPITAL_GREEK = re.compile(r"<mi>(&#x003(?:9[1-9A-F]|A[0-9]);)</mi>")
_UPRIGHT = re.compile(r'(?:<mi mathvariant="normal">[a-zA-Z]</mi>|<mo>&#x02004;</mo>){2,}')


def mathml(lines: tuple[str, ...], display: str = "inline") -> str:
    r"""The lines of a formula as one ``<math>`` element; those after the first are indented.

    Raises:
        ValueError: if a command of LaTeX is left that has no counterpart.

    >>> mathml((r"\frac{x}{2}",))
    '<math display="inline"><mfrac><mrow><mi>x</mi></mrow><mrow><mn>2</mn></mrow></mfrac></math>'
    """
    first, *rest = (_row(line, display) for line in lines)
    if rest:
        rows = [first, *(f'<mspace width="2em"/>{row}' for row in rest)]
        cells = "".join(f"<mtr><mtd>{row}</mtd></mtr>" for row in rows)
        first = f'<mtable class="lines" displaystyle="true">{cells}</mtable>'
    return f'<math display="{display}">{first}</math>'


def _row(latex: str, display: str) -> str:
    from latex2mathml.converter import convert  # only a document in HTML needs it

    text = convert(latex.replace(r"\lvert", r"\left|").replace(r"\rvert", r"\right|"), display=display)
    left = re.search(r"\\[a-zA-Z]*", text)
    if left:
        raise ValueError(f"there is no MathML for {left[0]} in {latex}: write it in other commands")
    text = re.sub(r"^<math[^>]*><mrow>|</mrow></math>$", "", text)
    # One identifier, not a product of letters.
    text = _UPRIGHT.sub(lambda m: f"<mi>{re.sub('<[^>]*>', '', m[0])}</mi>", text)
    # A function's name is no operator, which would have space around it; `lim` takes its limit below it.
    text = re.sub(r"<mo[^>]*>((?!lim)[a-z]{2,})</mo>", r"<mi>\1</mi>", text)
    text = text.replace("<mo>&#x0002F;</mo>", '<mo lspace="0" rspace="0">/</mo>')
    # A minus after an equals sign or an opening bracket is a sign, not a difference.
    text = _BEFORE_SIGN.sub(r'\1<mo form="prefix">&#x02212;</mo>', text)
    text = _ACCENTED.sub(r'<mover accent="true">\1', text)
    # Capital Greek letters stand upright, as in LaTeX; a browser slants any single letter.
    text = _CAPITAL_GREEK.sub(r'<mi mathvariant="normal">\1</mi>', text)
    return re.sub(r"&#x([0-9A-F]+);", lambda m: _character(int(m[1], 16)), text)


def _character(code: int) -> str:
    return {"<": "&lt;", ">": "&gt;", "&": "&amp;"}.get(chr(code), chr(code))
