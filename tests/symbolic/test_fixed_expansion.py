"""The nine scalars against the vectors they are made of, and what they say of pairs that agree."""

from itertools import combinations_with_replacement

import numpy as np
import pytest
import sympy as sp
from repdyn.symbolic import theories

theory = theories()["fixed_expansion"]
RATES = {"rate_h1": 0.7, "rate_h2": 0.2, "rate_b": 0.9, "rate_y": 0.4}
N, OUTPUTS = 3, 2


def weights(seed):
    """Two places, b and u, and the two targets; one row a future."""
    draws = np.random.default_rng(seed)
    return draws.normal(size=2), *draws.normal(size=(2, N, OUTPUTS)), draws.normal(size=(2, N, OUTPUTS))


def loss(h, b, u, target):
    """Half the squared error, mean over the two states and the futures."""
    errors = [b + h[a] * u - target[a] for a in (0, 1)]
    return np.mean([(e**2).sum(1).mean() / 2 for e in errors])


def velocity(h, b, u, target):
    """Gradient flow of that loss, by central differences: no formula of the theory."""

    def slope(x, moved):
        found = np.zeros_like(x)
        for index in np.ndindex(x.shape):
            step = np.zeros_like(x)
            step[index] = 0.5  # the loss is quadratic in each variable alone: central differences are exact
            found[index] = moved(x + step) - moved(x - step)
        return found

    h_rates = np.array([RATES["rate_h1"], RATES["rate_h2"]])
    return (
        -h_rates * slope(h, lambda x: loss(x, b, u, target)),
        -RATES["rate_b"] * slope(b, lambda x: loss(h, x, u, target)),
        -RATES["rate_y"] * slope(u, lambda x: loss(h, b, x, target)),
    )


def scalars(h, b, u, target):
    """The nine scalars in the order of the theory."""

    def mean(x, y):
        return (x * y).sum(1).mean()

    pairs = ((b, u), (b, target[0]), (b, target[1]), (b, b), (u, u), (target[0], u), (target[1], u))
    return np.array([*h, *(mean(x, y) for x, y in pairs)])


def numbers(h, b, u, target):
    """What the theory's symbols are worth."""
    first, second = target
    products = [(x * y).sum(1).mean() for x, y in ((first, first), (second, second), (first, second))]
    values = (*scalars(h, b, u, target), *products, *RATES.values(), N)
    return dict(zip((*theory.states, *theory.parameters), values, strict=True))


def test_names_and_their_order_are_a_promise() -> None:
    states = ("h1", "h2", "b_u", "b_y1", "b_y2", "b_b", "u_u", "y1_u", "y2_u")
    assert tuple(map(str, theory.states)) == states
    constants = ("y1_y1", "y2_y2", "y1_y2", *RATES, "futures")
    assert tuple(map(str, theory.parameters)) == constants
    assert theory.begin is None


@pytest.mark.parametrize("seed", range(3))
def test_the_system_is_gradient_flow_of_the_vectors(seed) -> None:
    """The scalars moved along the flow of h, b and u; each is at most quadratic in them."""
    h, b, u, target = weights(seed)
    moved = velocity(h, b, u, target)
    ahead, behind = (
        scalars(*(x + sign * v / 2 for x, v in zip((h, b, u), moved, strict=True)), target) for sign in (1, -1)
    )
    found = [float(theory.rhs[x].subs(numbers(h, b, u, target))) for x in theory.states]
    np.testing.assert_allclose(found, ahead - behind, rtol=1e-10)


@pytest.mark.parametrize("seed", range(3))
def test_loss_and_readout_are_those_of_the_vectors(seed) -> None:
    h, b, u, target = weights(seed)
    values = numbers(h, b, u, target)
    (total,) = theory.loss.results.values()
    assert float(total.subs(values)) == pytest.approx(loss(h, b, u, target), rel=1e-12)
    dy, dy_target = (h[1] - h[0]) * u, target[1] - target[0]
    expected = (h[1] - h[0]) ** 2, (dy**2).sum(1).mean(), (dy * (dy - dy_target)).sum(1).mean()
    found = [float(x.subs(values)) for x in theory.readout.values()]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def along_the_flow(quantity):
    return sp.expand(sum(quantity.diff(x) * rate for x, rate in theory.rhs.items()))


PRIME = 2**31 - 1


def rank(rows):
    """The rank of a matrix of integers modulo a prime."""
    found = 0
    for column in range(len(rows[0])):
        pivot = next((i for i in range(found, len(rows)) if rows[i][column]), None)
        if pivot is None:
            continue
        rows[found], rows[pivot] = rows[pivot], rows[found]
        inverse = pow(rows[found][column], -1, PRIME)
        for i in range(found + 1, len(rows)):
            factor = rows[i][column] * inverse % PRIME
            if factor:
                rows[i] = [(x - factor * y) % PRIME for x, y in zip(rows[i], rows[found], strict=True)]
        found += 1
    return found


@pytest.mark.parametrize("equal", [(), ("rate_h2",), ("rate_h2", "rate_b", "rate_y")], ids=["none", "states", "all"])
def test_there_is_one_invariant_up_to_the_second_degree(equal) -> None:
    """Linear functionals too: of 55 monomials, all that is constant along the flow is 1 and I (exact, mod a prime)."""
    (invariant,) = theory.invariants.values()
    assert along_the_flow(invariant) == 0
    names = {str(x): x for x in theory.parameters}
    constants = dict(zip(theory.parameters, (7, 11, 3, 5, 13, 17, 19, 1), strict=True))
    constants |= {names[x]: constants[names["rate_h1"]] for x in equal}
    rates = [sp.expand(2 * theory.rhs[x].subs(constants)) for x in theory.states]
    flow = sp.lambdify(theory.states, rates, "math")
    monomials = [m for degree in range(3) for m in combinations_with_replacement(range(9), degree)]
    draws = np.random.default_rng(0)
    rows = []
    for _ in range(len(monomials) + 5):
        x = [int(value) for value in draws.integers(PRIME, size=9)]
        v = flow(*x)
        rows.append([derivative(monomial, x, v) % PRIME for monomial in monomials])
    assert len(monomials) - rank(rows) == 2


def derivative(monomial, x, v):
    """Of a product of one or two coordinates, by the product rule."""
    if len(monomial) < 2:
        return sum(v[i] for i in monomial)
    i, j = monomial
    return v[i] * x[j] + x[i] * v[j]
