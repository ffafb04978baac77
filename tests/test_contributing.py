"""What contributors are told agrees with what is run."""

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")


def commands(target: str) -> list[str]:
    """The commands of a target, with the variables of the Makefile written out."""
    rule = re.search(rf"^{target}:.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)
    assert rule
    return [line.strip().replace("$(BIN)", ".venv/bin") for line in rule[1].splitlines()]


def test_before_a_commit_the_same_is_checked_as_by_make_check() -> None:
    (repository,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))["repos"]
    assert repository["repo"] == "local"
    assert [hook["entry"] for hook in repository["hooks"]] == commands("check")
    assert all(hook["pass_filenames"] is False and hook["language"] == "system" for hook in repository["hooks"])


def test_every_target_that_contributors_are_told_of_exists() -> None:
    told = {
        name
        for page in ("CONTRIBUTING.md", "README.md")
        for name in re.findall(r"(?:`|^)make ([a-z-]+)", (ROOT / page).read_text("utf-8"), re.MULTILINE)
    }
    assert {"check", "test", "docs", "coverage"} <= told
    for target in told:
        assert commands(target)


def test_a_submission_must_pass_what_contributors_are_told() -> None:
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    assert re.findall(r"^make (\w+)$", script, re.MULTILINE) == ["check", "test", "docs"]


def test_the_form_for_bugs_asks_for_the_command_the_file_and_the_version() -> None:
    form = yaml.safe_load((ROOT / ".github" / "ISSUE_TEMPLATE" / "bug.yml").read_text("utf-8"))
    required = {part["id"] for part in form["body"] if part["validations"]["required"]}
    assert {"command", "file", "version"} <= required
