"""``repdyn report``: what it writes, says and refuses."""

import re
import xml.etree.ElementTree as ET

from repdyn.experiments.cli import main
from reported import Ahead, Broken, Kept, Undrawable


def test_the_command_writes_the_page_and_the_figures_and_says_the_verdicts(store, tmp_path, known, capsys) -> None:
    known(Kept(), Ahead())
    output, figures = tmp_path / "new" / "page.html", tmp_path / "figures"
    assert main(["report", "--store", str(store.root), "--output", str(output), "--figures", str(figures)]) == 0
    said = capsys.readouterr()
    assert said.out.endswith(f"4 claims: 1 agrees, 1 in part, 1 disagrees, 1 undecided; written to {output}\n")
    assert f"3 figures in {figures}, as SVG and PNG" in said.out
    assert "disagrees Every network is met (relu)." in " ".join(said.out.split())
    assert said.err == ""
    ET.parse(output)
    assert [path.name for path in output.parent.iterdir()] == ["page.html"]
    assert sorted(path.name for path in figures.iterdir()) == [
        "kept-small.png",
        "kept-small.svg",
        "kept-wide.png",
        "kept-wide.svg",
        "overview.png",
        "overview.svg",
    ]


def test_the_page_goes_where_its_scale_says_and_has_the_commands(store, tmp_path, known, monkeypatch, capsys) -> None:
    known(Kept(), Broken())
    monkeypatch.chdir(tmp_path)
    words_ = ["kept", "--scale", "paper", "--store", str(store.root), "--data-dir", "my digits"]
    assert main(["report", *words_]) == 0
    assert "written to results/report-paper.html" in capsys.readouterr().out
    page = (tmp_path / "results" / "report-paper.html").read_text("utf-8")
    arguments = f"kept --scale paper --store {store.root} --data-dir &#x27;my digits&#x27;"
    assert f"<pre>repdyn reproduce {arguments} &amp;&amp;\nrepdyn report {arguments}</pre>" in page


def test_the_command_sets_a_scale_beside_and_names_the_page_after_both(
    store, tmp_path, known, monkeypatch, capsys
) -> None:
    known(Kept())
    monkeypatch.chdir(tmp_path)
    where = ["--store", str(store.root)]
    assert main(["report", "kept", "--scale", "quick", "--beside", "paper", *where]) == 0
    assert "written to results/report-quick-paper.html" in capsys.readouterr().out
    page = (tmp_path / "results" / "report-quick-paper.html").read_text("utf-8")
    assert (
        f"<pre>repdyn reproduce kept --scale quick {' '.join(where)} &amp;&amp;\n"
        f"repdyn reproduce kept --scale paper {' '.join(where)} &amp;&amp;\n"
        f"repdyn report kept --scale quick --beside paper {' '.join(where)}</pre>"
    ) in page


def test_the_scale_beside_must_be_another_one(store, known, capsys) -> None:
    known(Kept())
    assert main(["report", "--scale", "paper", "--beside", "paper", "--store", str(store.root)]) == 2
    assert capsys.readouterr().err == (
        "repdyn: --beside must be another scale than the page's, got paper for both: choose one of quick, standard\n"
    )


def test_a_scale_beside_of_which_nothing_was_run_is_named(store, tmp_path, monkeypatch, capsys) -> None:
    studies = {"quick": {"kept": Kept()}, "standard": {"kept": Ahead()}}
    monkeypatch.setattr("repdyn.experiments.studies.studies", lambda scale, data_dir="": studies[scale])
    output = tmp_path / "page.html"
    where = ["--store", str(store.root), "--output", str(output)]
    assert main(["report", "--beside", "standard", *where]) == 2
    assert capsys.readouterr().err == (
        f"repdyn: none of the 4 trials in {store.root} is of these studies at scale standard, made with this version "
        "of the code: run `repdyn reproduce --scale standard` first\n"
    )
    assert not output.exists()


def test_a_broken_section_ends_the_command_with_its_reason(store, tmp_path, known, capsys) -> None:
    known(Kept(), Broken(), Undrawable())
    output = tmp_path / "page.html"
    assert main(["report", "--store", str(store.root), "--output", str(output)]) == 2
    assert re.fullmatch(
        r"repdyn: could not make the section of broken \(KeyError: '<layer>'\); undrawable \(ValueError: .*\); "
        rf"the rest is in {output}\n",
        capsys.readouterr().err,
    )
    assert "Every network is met" in output.read_text("utf-8")


def test_a_heavy_figure_is_pointed_out(store, tmp_path, known, monkeypatch, capsys) -> None:
    known(Kept())
    monkeypatch.setattr("repdyn.experiments.cli.report._LARGE", 8_000)
    assert main(["report", "--store", str(store.root), "--output", str(tmp_path / "page.html")]) == 0
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert re.fullmatch(r"repdyn: figure wide of kept is 0\.0 MB of SVG: rasterise what has many points", lines[0])


def test_an_empty_store_and_one_of_other_trials_are_told_apart(store, tmp_path, known, capsys) -> None:
    known(Ahead())
    for root, reason in (
        (tmp_path / "empty", f"{tmp_path / 'empty'} holds no trials"),
        (
            store.root,
            f"none of the 4 trials in {store.root} is of these studies at scale quick, made with this version of "
            "the code",
        ),
    ):
        output = tmp_path / "page.html"
        assert main(["report", "--store", str(root), "--output", str(output)]) == 2
        assert capsys.readouterr().err == f"repdyn: {reason}: run `repdyn reproduce --scale quick` first\n"
        assert not output.exists()


def test_a_study_that_is_not_known_is_refused(capsys) -> None:
    assert main(["report", "trajectory"]) == 2
    assert capsys.readouterr().err.startswith("repdyn: there is no study 'trajectory'; there are trajectories")


def test_a_page_that_cannot_be_written_leaves_the_earlier_one(store, tmp_path, known, monkeypatch, capsys) -> None:
    known(Kept())
    output = tmp_path / "page.html"
    output.write_text("earlier", "utf-8")

    def full(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("os.replace", full)
    assert main(["report", "--store", str(store.root), "--output", str(output)]) == 2
    assert capsys.readouterr().err == f"repdyn: {output} cannot be written: no space left\n"
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]
    assert output.read_text("utf-8") == "earlier"
