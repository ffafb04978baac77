"""A fit does not depend on the units of its data."""

import numpy as np
import pytest
import sympy as sp
from draws import FITTED, pinned
from repdyn.numeric import Pair, State, fit_rates
from repdyn.symbolic import theories, two_point
from repdyn.symbolic.dimensions import scalings
from variants import variant

HIDDEN, OUTPUT, INPUT, TIME = range(4)
DATA, MIXED = (1, 1, 0, 0), (-9, 6, 7, -8)
CHANGES = [tuple(10.0 ** (k * x) for x in DATA) for k in (-12, -4, 4, 12)] + [tuple(3.0**x for x in MIXED)]
SIZES = {"dh2": (1, 0, 0, 0), "dy2": (0, 1, 0, 0), "w": (0, 1, 0, 0), "dy2_target": (0, 1, 0, 0), "dx2": (0, 0, 1, 0)}
COEFFICIENTS = {
    "rate_h": (1, -1, -1, -1),
    "rate_y": (-1, 0, 0, -1),
    "gram": (0, 1, 0, 0),
    "growth_h": (0, -1, -1, -1),
    "growth_y": (0, -1, 0, -1),
    "rate_h1": (1, -1, 0, -1),
    "rate_h2": (1, -1, 0, -1),
    "futures": (0, 0, 0, 0),
}
"""Powers of the units of |dh|^2, |dy|^2, |dx|^2 and time, by hand from the equations."""

SEEDS = dict.fromkeys(FITTED, 0) | {"growing_vectors": 15, "doubled_dy2": 1}
KNOWN = {"recurrent": ("rate_h2", "futures"), "growing_rates": ("gram", "growth_y")}
"""What is fixed at its true value, so that the data determine the rest, or to save time."""


def has_units_of_outputs(theory: str) -> bool:
    """A logarithm of probabilities has no units, nor have outputs of which it is taken."""
    return theory != "cross_entropy"


def changes(theory: str) -> list[tuple[float, ...]]:
    """All where a fit takes milliseconds, else the widest."""
    return CHANGES if theories()[theory].solution else [CHANGES[0], CHANGES[-1]]


@pytest.mark.parametrize(("theory", "factors"), [(theory, factors) for theory in FITTED for factors in changes(theory)])
def test_data_in_other_units_give_the_same_fit_in_those(theory, factors) -> None:
    units = np.array(factors)
    if not has_units_of_outputs(theory):
        units[OUTPUT] = 1
    noisy = pinned(theory, SEEDS[theory], noise=1e-3)

    def scale(powers) -> float:
        return float(np.prod(units ** np.array(powers)))

    known = {name: noisy.true[name] for name in KNOWN.get(theory, ())}
    plain = fit_rates(noisy.t, noisy.path, noisy.pair, theory=theory, fixed=known)
    scaled = fit_rates(
        noisy.t * scale((0, 0, 0, 1)),
        State(*(value * scale(SIZES[name]) for name, value in vars(noisy.path).items())),
        Pair(noisy.pair.dx2 * scale(SIZES["dx2"]), noisy.pair.dy2 * scale(SIZES["dy2_target"])),
        theory=theory,
        fixed={name: value * scale(COEFFICIENTS[name]) for name, value in known.items()},
        weights=State(*(scale(SIZES[name]) ** -2 for name in ("dh2", "dy2", "w"))),
    )
    assert plain.success
    assert scaled.success
    assert scaled.sse == pytest.approx(plain.sse, rel=1e-6)
    # A minimum is as flat as rounding makes it; an integration is exact to 1e-9, its differences to 1e-4.
    shares = (1e-5, 1e-7) if theories()[theory].solution else (1e-2, 1e-2)
    for name, error in plain.errors.items():
        expected, unit = plain.coefficients[name], scale(COEFFICIENTS[name])
        assert abs(scaled.coefficients[name] / unit - expected) <= shares[0] * error
        assert scaled.errors[name] / unit == pytest.approx(error, rel=shares[1])


@pytest.mark.parametrize("theory", FITTED)
def test_scalings_are_those_of_the_equations(theory) -> None:
    """Each of the changes of units found by hand is a combination of those found by the package, and no more are."""
    found = {x.name: row for x, row in scalings(theories()[theory]).items()}
    changed = {"t": (0, 0, 0, 1), **SIZES, **COEFFICIENTS}
    names = [name for name in found if name in changed]
    by_hand = sp.Matrix([changed[name] for name in names])
    if theory == "recurrent":  # only the ratio of one rate and how many sequences go on
        by_hand = by_hand.row_join(sp.Matrix([int(name in ("rate_y", "futures")) for name in names]))
        by_hand.col_del(INPUT)
    if not has_units_of_outputs(theory):
        by_hand.col_del(OUTPUT)
    by_package = sp.Matrix([list(found[name]) for name in names])
    assert by_hand.rank() == by_package.rank() == by_hand.row_join(by_package).rank()


@pytest.mark.parametrize(
    ("rate", "ties"),
    [
        ("k*dh2", 0),
        ("k*dh2**2*dy2", 1),
        ("k*(1 + dh2)", 1),
        ("k*exp(-dy2)*dh2", 1),
        ("k*(dh2 + dy2)", 1),
        ("k*sqrt(Abs(dh2 - dy2)*dh2)", 1),
        ("Piecewise((k*dh2, dh2 > dy2), (0, True))", 1),
        ("Piecewise((k*dh2, dh2 > 0), (0, True))", 0),
        ("k*log(1 + dh2/dy2)*dh2", 1),
        ("k*Max(dh2, dy2)", 1),
    ],
)
def test_what_is_added_compared_or_taken_a_function_of_ties_units(rate, ties) -> None:
    k, base = sp.Symbol("k", positive=True), two_point()
    symbols = {"k": k, **{x.name: x for x in base.states}}
    dh2, *others = base.states

    def freedoms(rate: str) -> int:
        mine = variant("mine", k, {dh2: sp.sympify(rate, locals=symbols), **{x: k * x for x in others}})
        return len(scalings(mine)[k])

    assert freedoms(rate) == freedoms("k*dh2") - ties


@pytest.mark.parametrize("size", [1e-200, 1e200])
def test_sizes_without_a_square_are_refused_by_name(size) -> None:
    drawn = pinned("two_point", 0)
    pair = Pair(drawn.pair.dx2, drawn.pair.dy2 * size)
    path = State(drawn.path.dh2, drawn.path.dy2 * size, drawn.path.w * size)
    with pytest.raises(
        ValueError,
        match=r"the size of .*dy2.* must be within 1e-140 and 1e\+140, so that squares and products are numbers in "
        r"double precision, got time up to .*, dx2 up to .*, dh2 up to .*, dy2 up to .*; count them in other units",
    ):
        fit_rates(drawn.t, path, pair)
