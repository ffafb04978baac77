"""The papers that the derivations cite, in one place."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reference:
    """A paper.

    Attributes:
        authors: as they are listed, separated by commas.
        title: of the paper.
        venue: where it appeared, with the year.
        arxiv: its number there, or None.

    >>> REFERENCES["arXiv 1312.6120"].url
    'https://arxiv.org/abs/1312.6120'
    """

    authors: str
    title: str
    venue: str
    arxiv: str | None = None

    @property
    def url(self) -> str | None:
        """Where it can be read, if that is known."""
        return f"https://arxiv.org/abs/{self.arxiv}" if self.arxiv else None


_ON_ARXIV = (
    Reference(
        "Andrew M. Saxe, James L. McClelland, Surya Ganguli",
        "Exact solutions to the nonlinear dynamics of learning in deep linear neural networks",
        "International Conference on Learning Representations, 2014",
        "1312.6120",
    ),
    Reference(
        "Loek van Rossem, Andrew M. Saxe",
        "When Representations Align: Universality in Representation Learning Dynamics",
        "International Conference on Machine Learning, 2024",
        "2402.09142",
    ),
    Reference(
        "Daniel Kunin, Allan Raventós, Clémentine Dominé, Feng Chen, David Klindt, Andrew Saxe, Surya Ganguli",
        "Get rich quick: exact solutions reveal how unbalanced initializations promote rapid feature learning",
        "Advances in Neural Information Processing Systems 37, 2024",
        "2406.06158",
    ),
    Reference(
        "Clémentine C. J. Dominé, Nicolas Anguita, Alexandra M. Proca, Lukas Braun, Daniel Kunin, Pedro A. M. Mediano, "
        "Andrew M. Saxe",
        "From Lazy to Rich: Exact Learning Dynamics in Deep Linear Networks",
        "International Conference on Learning Representations, 2025",
        "2409.14623",
    ),
    Reference(
        "Andrew M. Saxe, James L. McClelland, Surya Ganguli",
        "A mathematical theory of semantic development in deep neural networks",
        "Proceedings of the National Academy of Sciences 116, 2019",
        "1810.10531",
    ),
    Reference(
        "Alexander Atanasov, Blake Bordelon, Cengiz Pehlevan",
        "Neural Networks as Kernel Learners: The Silent Alignment Effect",
        "International Conference on Learning Representations, 2022",
        "2111.00034",
    ),
    Reference(
        "Loek van Rossem, Andrew M. Saxe",
        "Algorithm Development in Neural Networks: Insights from the Streaming Parity Task",
        "International Conference on Machine Learning, 2025",
        "2507.09897",
    ),
)

REFERENCES = {f"arXiv {reference.arxiv}": reference for reference in _ON_ARXIV} | {
    "Fukumizu (1998)": Reference(
        "Kenji Fukumizu",
        "Effect of Batch Learning in Multilayer Neural Networks",
        "International Conference on Neural Information Processing, 1998",
    ),
    "Lawson & Lim (2001)": Reference(
        "Jimmie D. Lawson, Yongdo Lim",
        "The geometric mean, matrices, metrics, and more",
        "American Mathematical Monthly 108, 2001",
    ),
    "Braun et al. (2022)": Reference(
        "Lukas Braun, Clémentine C. J. Dominé, James E. Fitzgerald, Andrew M. Saxe",
        "Exact learning dynamics of deep linear networks with prior knowledge",
        "Advances in Neural Information Processing Systems 35, 2022",
    ),
}
"""Each paper by the words that cite it in a derivation's text."""
