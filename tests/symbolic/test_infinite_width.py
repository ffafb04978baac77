"""Moments behind nonlinearities: the slope's is the derivative of the other (Price's theorem), and their limits."""

import pytest
import sympy as sp
from repdyn.symbolic import infinite_width as formulas
from repdyn.symbolic.infinite_width import ANGLE, AREA, ERF_ANGLE, REST, angle, area, both, first, leak, rest, second

WRITTEN_OUT = {area: AREA, angle: ANGLE}
AT = [{first: sp.Rational(3, 2), second: sp.Rational(2, 3), both: x, leak: sp.Rational(1, 5)} for x in (-0.6, 0.1, 0.9)]


@pytest.mark.parametrize("name", ["LEAKY", "ERROR_FUNCTION"])
def test_the_moment_of_slopes_is_the_derivative_of_the_moment(name) -> None:
    written = {rest: REST, angle: ERF_ANGLE} if name == "ERROR_FUNCTION" else WRITTEN_OUT
    moment, slope = (x.subs(written) for x in getattr(formulas, name).results.values())
    for values in AT:
        assert float((sp.diff(moment, both) - slope).subs(values)) == pytest.approx(0, abs=1e-12)


def test_arc_cosine_kernels_are_derivatives_of_each_other() -> None:
    degrees = [
        program.results[formulas.moment].subs(WRITTEN_OUT)
        for program in (formulas.STEPS, formulas.RECTIFIED, formulas.SQUARED)
    ]
    for values in AT:
        for lower, higher, factor in zip(degrees, degrees[1:], (1, 4), strict=False):
            assert float((sp.diff(higher, both) - factor * lower).subs(values)) == pytest.approx(0, abs=1e-12)


def test_a_slope_of_one_is_no_nonlinearity_and_one_of_zero_is_half_the_rectified_one() -> None:
    moment, slope = formulas.LEAKY.results.values()
    assert sp.expand(moment.subs(leak, 1)) == both
    assert sp.expand(slope.subs(leak, 1)) == 1
    rectified = formulas.RECTIFIED.results[formulas.moment]
    assert sp.expand(2 * moment.subs(leak, 0) - rectified) == 0
