"""``repdyn derive``: every step is proved, marked and written."""

import re
from pathlib import Path

from repdyn.experiments.cli import main


def test_a_derivation_is_not_written_in_an_unknown_form(tmp_path: Path, capsys) -> None:
    assert main(["derive", "two_point", "--output", str(tmp_path / "out.pdf")]) == 2
    assert "out.pdf must end in .md, .tex, .html, or give --format" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_derive_prints_every_step_verified(proved_once, capsys) -> None:
    assert main(["derive"]) == 0
    out = capsys.readouterr().out
    steps = re.findall(r"^### \d+\.\d+\. .* (.)$", out, re.MULTILINE)
    assert len(steps) >= 20
    assert set(steps) == {"✓"}
    assert f"{len(steps)} of {len(steps)} steps verified" in out


def test_derive_writes_latex(proved_once, tmp_path: Path, capsys) -> None:
    path = tmp_path / "deep" / "derivation.tex"
    assert main(["derive", "two_point", "two_point", "--output", str(path)]) == 0
    text = path.read_text("utf-8")
    assert text.count(r"\section{") == 1
    assert text.startswith(r"\documentclass")
    assert text.count(r"\begin{equation}") == text.count(r"\end{equation}") > 40
    assert text.count(r"$\checkmark$") >= 20
    assert "steps verified; written to" in capsys.readouterr().out


def test_a_step_that_fails_is_marked_and_the_command_fails(monkeypatch, capsys) -> None:
    from dataclasses import replace

    import sympy as sp
    from repdyn import symbolic

    theory = symbolic.two_point()
    step = theory.derivation["invariant"]
    (relation,) = step.statement
    wrong = replace(step, statement=(sp.Eq(relation.lhs, relation.rhs + sp.Symbol("dh2", positive=True)),))
    broken = replace(theory, derivation=replace(theory.derivation, steps=(wrong,)))
    monkeypatch.setattr(symbolic, "chapters", lambda: {"two_point": broken})
    assert main(["derive"]) == 2
    captured = capsys.readouterr()
    assert "A conserved quantity ✗" in captured.out
    assert "**Not verified:** step 'invariant' is not proved" in captured.out
    assert captured.err.startswith("repdyn: step 'invariant' is not proved")
    assert captured.err.count("\n") == 1
