"""Claims of a section, and their verdicts, by some of their words."""

from repdyn.experiments.studies.claim import Claim, Verdict
from repdyn.experiments.studies.study import Section


def claim(section: Section, words: str) -> Claim:
    """The one claim with these words."""
    (found,) = (claim for claim in section.claims if words in claim.text)
    return found


def verdict(section: Section, words: str, setting: str = "") -> Verdict:
    """The one verdict on it in a setting whose name begins so."""
    (found,) = (x for x in claim(section, words).verdicts if x.setting.startswith(setting))
    return found
