"""Figures of machines, and of grids of networks that became them or not."""

import numpy as np
import pandas as pd
import pytest
from repdyn.experiments import draw_machines
from repdyn.experiments.figures.grids import draw_grids
from repdyn.numeric import Automaton

PARITY = Automaton(np.array([[0, 1], [1, 0]]), np.array([0, 1]))


def test_machines_stand_in_rows_of_so_many() -> None:
    figure = draw_machines([(str(k), PARITY) for k in range(5)], columns=3)
    places = [ax.get_subplotspec() for ax in figure.axes if ax.get_title()]
    assert [(place.rowspan.start, place.colspan.start) for place in places if place] == [
        *((0, 0), (0, 1), (0, 2), (1, 0), (1, 1))
    ]
    with pytest.raises(ValueError, match="columns must be a whole number of at least 1, got 0"):
        draw_machines([("parity", PARITY)], columns=0)


def test_a_large_machine_is_drawn_as_a_tree_around_its_start() -> None:
    states = 2**7 - 1
    after = np.arange(1, 2 * states + 1).reshape(states, 2)
    tree = Automaton(np.where(after < states, after, -1), np.arange(states) % 2)
    back, zero, one, points = draw_machines([("tree", tree)]).axes[0].collections
    assert [len(lines.get_paths()) for lines in (back, zero, one)] == [0, states // 2, states // 2]
    places = np.asarray(points.get_offsets())
    depths = [k.bit_length() - 1 for k in range(1, states + 1)]
    np.testing.assert_allclose(np.linalg.norm(places, axis=1), depths, atol=1e-9)
    gaps = np.linalg.norm(places[:, None] - places[None], axis=2) + np.eye(states)
    assert gaps.min() > 0.5  # no state lies on another


def test_a_grid_of_cells_is_drawn_with_its_border() -> None:
    cells = pd.DataFrame(
        [(loss, g, s, s >= g, float(s >= g)) for loss in ("a", "b") for g in (0.1, 1.0) for s in (0.1, 0.3, 1.0)],
        columns=["loss", "gain", "share", "fitted", "accuracy"],
    )
    figure = draw_grids(cells, {"accuracy": "right"}, {("a", "accuracy"): (np.log(2), 1.0), ("b", "accuracy"): None})
    first, second = (ax for ax in figure.axes if ax.get_title())
    assert first.get_title() == "right, a"
    crosses, line = first.lines
    assert (crosses.get_xdata(), crosses.get_ydata()) == (pytest.approx([0.1, 0.3]), pytest.approx([0.8, 0.8]))
    np.testing.assert_allclose(np.asarray(line.get_xdata()), 2 * np.asarray(line.get_ydata()))
    assert len(second.lines) == 1
