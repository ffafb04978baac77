"""Functions generated from symbolic programs are values that can be read, compared and pickled."""

import pickle
import re
import subprocess
import sys
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest
import sympy as sp
from back_ends import CALLED
from repdyn.numeric import CompiledFunction, compile, compile_program
from repdyn.numeric.languages import BACKENDS
from repdyn.numeric.languages.expressions import needed
from repdyn.symbolic import Program, two_point
from repdyn.symbolic.functions import exprel

x, y, a, b, r, q = sp.symbols("x y a b r q", real=True)
PROGRAM = Program((y, x), {a: x - 2 * y}, {r: a**2, q: sp.Piecewise((x, a > 0), (-x, a < -1), (sp.Abs(y), True))})
POINTS = np.array([0.5, 1.0, -2.0]), np.array([3.0, 1.5, -4.0])
IN_PYTHON = ("numpy", "torch", "jax")


@pytest.mark.parametrize("backend", IN_PYTHON)
def test_arguments_come_in_the_order_of_the_program(backend) -> None:
    function = compile_program("pieces", PROGRAM, backend)
    assert function.arguments == ("y", "x")
    assert function.results == ("r", "q")
    first, second = function(*POINTS)
    np.testing.assert_array_equal(first, [4.0, 0.25, 0.0])
    np.testing.assert_array_equal(second, [3.0, 1.0, 2.0])


@pytest.mark.parametrize("backend", IN_PYTHON)
def test_arguments_broadcast(backend) -> None:
    r_values, q_values = compile_program("pieces", PROGRAM, backend)(0.5, np.array([[1.0], [3.0]]))
    np.testing.assert_array_equal(r_values, [[0.0], [4.0]])
    np.testing.assert_array_equal(q_values, [[0.5], [3.0]])


@pytest.mark.parametrize("backend", IN_PYTHON)
@pytest.mark.parametrize("first", [2.0, -2.0, [2.0, 3.0], [-2.0, -3.0], [2.0, -3.0]])
@pytest.mark.parametrize("second", [1.0, [[1.0], [5.0], [7.0]]])
def test_a_choice_has_the_shape_of_all_that_it_depends_on(first, second, backend) -> None:
    """Also of what the branch that is taken everywhere does not depend on."""
    program = Program((x, y), {}, {r: sp.Piecewise((1, x > 0), (y, True)), q: sp.Piecewise((x, y > 0), (2, True))})
    first, second = np.array(first), np.array(second)
    found = [np.asarray(value) for value in compile_program("chosen", program, backend)(first, second)]
    assert [value.shape for value in found] == [np.broadcast_shapes(first.shape, second.shape)] * 2
    assert found[0].dtype == np.float64 or backend != "numpy"
    np.testing.assert_array_equal(found[0], np.where(first > 0, 1.0, second))
    np.testing.assert_array_equal(found[1], np.where(second > 0, first, 2.0))


def test_what_one_branch_uses_is_not_computed_for_the_other() -> None:
    """Neither when it stands in a definition, nor in one that only that definition uses."""
    program = Program((x,), {a: 1 / x, b: a + 1, q: sp.Piecewise((b, x > 0), (x, True))}, {r: q})
    function = compile_program("branch", program)
    with np.errstate(all="raise"):
        np.testing.assert_array_equal(function([-1.0, 0.0]), [[-1.0, 0.0]])
        assert function(0.0) == (0.0,)
    np.testing.assert_array_equal(function([-1.0, 4.0]), [[-1.0, 1.25]])


@pytest.mark.parametrize("backend", IN_PYTHON)
def test_constants_are_arrays_too(backend) -> None:
    constant, product = compile_program(
        "constant", Program((x,), {a: sp.sqrt(2)}, {r: sp.S(3), q: sp.exp(a)}), backend
    )(1.0)
    assert constant.shape == product.shape == ()
    assert constant.dtype == product.dtype
    assert float(constant) == 3.0
    assert float(product) == pytest.approx(np.exp(np.sqrt(2)), rel=1e-7)


@pytest.mark.parametrize("count", [0, 1, 3])
@pytest.mark.parametrize("backend", IN_PYTHON)
def test_a_wrong_number_of_arguments_is_answered_with_their_names(backend, count) -> None:
    with pytest.raises(TypeError, match=rf"pieces takes 2 values \('y', 'x'\), got {count}"):
        compile_program("pieces", PROGRAM, backend)(*[1.0] * count)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_pickle_is_an_equal_value(backend) -> None:
    function = compile_program("pieces", PROGRAM, backend)
    if backend in IN_PYTHON:
        function(*POINTS)
    copy = pickle.loads(pickle.dumps(function))
    assert isinstance(copy, CompiledFunction)
    assert copy == function
    assert hash(copy) == hash(function)
    if backend in IN_PYTHON:
        np.testing.assert_array_equal(copy(*POINTS), function(*POINTS))


def test_it_is_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        compile_program("pieces", PROGRAM).source = ""


@pytest.mark.parametrize("backend", BACKENDS)
def test_equal_programs_make_equal_functions(backend) -> None:
    solution = two_point().solution
    assert compile_program("f", solution, backend) == compile_program("f", solution, backend)
    assert compile_program("f", solution, backend) != compile_program("g", solution, backend)
    assert compile_program("f", solution, backend) != compile_program("f", two_point().final, backend)


def test_a_theory_and_its_name_make_equal_functions() -> None:
    for backend in BACKENDS:
        assert compile(two_point(), "final", backend) == compile("two_point", "final", backend)


@pytest.mark.parametrize(
    ("backend", "arguments", "results"),
    [
        *((backend, "Arguments, in order: y, x.\n", "Results, in order: r, q.") for backend in IN_PYTHON),
        ("c", " *   arguments[0]  y\n *   arguments[1]  x\n", " *   results[0]  r\n *   results[1]  q\n"),
        ("javascript", " * @param {number} y\n * @param {number} x\n", "@returns {{r: number, q: number}}"),
        ("latex", "% Arguments, in order: y, x\n", "% Results, in order: r, q\n"),
    ],
)
def test_the_source_names_arguments_and_results_in_order(backend, arguments, results) -> None:
    source = compile_program("pieces", PROGRAM, backend).source
    assert arguments in source
    assert results in source


@pytest.mark.parametrize("backend", ["numpy", "torch", "jax"])
def test_the_docstring_is_in_the_source(backend) -> None:
    function = compile_program("pieces", PROGRAM, backend)
    namespace = {}
    exec(function.source, namespace)
    assert "Arguments, in order: y, x." in namespace["pieces"].__doc__


def test_the_docstring_for_jax_says_what_precision_to_expect() -> None:
    source = " ".join(compile_program("pieces", PROGRAM, "jax").source.split())
    assert "With jax_enable_x64 on, computes in 64 bits" in source
    assert "With it off, JAX computes in 32 bits: expect 5 to 7 digits" in source


def test_python_sources_are_complete_in_themselves(tmp_path) -> None:
    """They run where repdyn cannot be imported."""
    source = compile_program("small", Program((x,), {}, {r: exprel(x), q: exprel(x).diff(x)})).source
    hidden = "import sys\nsys.modules['repdyn'] = sys.modules['sympy'] = None\n"
    code = f"{hidden}{source}\nprint(*map(float, small(0.0)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout.split() == ["1.0", "0.5"]


@pytest.mark.parametrize("backend", BACKENDS)
def test_definitions_that_nothing_uses_are_left_out(backend) -> None:
    program = Program((x,), {a: 2 * x, b: 3 * a}, {r: x + 1})
    assert compile_program("f", program, backend) == compile_program("f", replace(program, definitions={}), backend)


@pytest.mark.parametrize(
    ("backend", "use"),
    [
        ("c", "f is a source in c and cannot be called from Python: write its source to a file and compile"),
        ("javascript", r"f is a source in javascript .* write its source to a file f.mjs and import \{ f \} from that"),
        ("latex", "f is a source in latex and cannot be called from Python: put its source into a displayed formula"),
    ],
)
def test_a_source_that_is_called_says_what_to_do_with_it(backend, use) -> None:
    with pytest.raises(TypeError, match=use):
        compile_program("f", PROGRAM, backend)(*POINTS)


@pytest.mark.parametrize(
    ("backend", "library", "extra"),
    [("torch", "torch", "experiments"), ("jax", "jax", "jax"), ("jax", "jax.numpy", "jax")],
)
def test_a_library_that_is_missing_is_asked_for(backend, library, extra, monkeypatch) -> None:
    function = compile_program("f", PROGRAM, backend)
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(
        ModuleNotFoundError, match=rf"f is made for {backend}.*pip install 'repdyn\[{extra}\]'.*numpy, torch"
    ):
        function(*POINTS)


KNOWN = "numpy, torch, jax, python, c, javascript, latex"


def test_an_unknown_backend_is_answered_with_the_known_ones() -> None:
    for ask in (lambda: compile("two_point", "rhs", "fortran"), lambda: compile_program("f", PROGRAM, "fortran")):
        with pytest.raises(ValueError, match=f"there is no backend 'fortran'; there are {KNOWN}"):
            ask()


def test_an_unknown_theory_or_program_is_answered_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="there is no theory 'three_point'; there are two_point"):
        compile("three_point")
    with pytest.raises(ValueError, match="there is no theory 3; there are two_point"):
        compile(3)
    for theory in ("two_point", two_point()):
        with pytest.raises(ValueError, match=r"theory 'two_point' has no program 'lagrangian'; it has rhs, jacobian"):
            compile(theory, "lagrangian")


COMPUTING = [backend for backend in BACKENDS if backend != "latex"]


@pytest.mark.parametrize("backend", COMPUTING)
@pytest.mark.parametrize(
    ("program", "words"),
    [
        (Program((x,), {}, {r: sp.gamma(x)}), "cannot express gamma in the result r in 'f', only powers"),
        (Program((x,), {a: sp.besselj(0, x)}, {r: a}), "cannot express besselj in the definition of a in 'f'"),
        (Program((x,), {}, {r: sp.Function("exprel")(x)}), "cannot express exprel in the result r"),
        (Program((x,), {}, {r: x + sp.I}), "cannot express ImaginaryUnit in the result r"),
        (Program((x,), {}, {r: x + sp.nan}), "cannot express NaN in the result r"),
        (
            Program((x,), {}, {r: sp.Piecewise((x, x > 0))}),
            r"the result r in 'f' must say what holds in every other case",
        ),
        (
            Program((x,), {}, {r: x * y}),
            "the result r in 'f' has y, which is neither an argument nor defined before it",
        ),
        (Program((x,), {a: 2 * b, b: x}, {r: a}), "the definition of a in 'f' has b, which is neither"),
        (
            Program((x,), {a: x}, {sp.Symbol("r 1"): a}),
            "'r 1' of 'f' must be a name of letters, digits and underscores",
        ),
        (Program((x, sp.Symbol("x")), {}, {r: x}), "the name 'x' stands for two things in 'f'; rename one"),
        (Program((), {}, {r: sp.S.One}), "'f' has no arguments, so it is a constant"),
        (Program((sp.Symbol("quotient"),), {}, {r: sp.S.One}), "has another use for the name 'quotient' of 'f'"),
    ],
)
def test_what_cannot_be_expressed_is_said(backend, program, words) -> None:
    with pytest.raises(ValueError, match=words) as found:
        compile_program("f", program, backend)
    if "cannot express" in words:
        assert f"the backend {backend!r}" in str(found.value)


HELD = r"which 64 bits do not hold: it must be 0, infinite or of a size from 2.3e-308 to 1.7e308; choose other units"
HUGE = sp.Integer(10**400)


@pytest.mark.parametrize(
    ("expr", "words"),
    [
        (x + HUGE, f"1.00000e+400, {HELD}"),
        (x / HUGE, f"1.00000e-400, {HELD}"),
        (x * sp.Rational(10**5001, 3), f"3.33333e+5000, {HELD}"),
        (x * sp.Float("-1e400"), f"-1.00000e+400, {HELD}"),
        (x + sp.Float("1e-400"), f"1.00000e-400, {HELD}"),
        (sp.exp(1000) + x, f"exp(1000) = 1.97007e+434, {HELD}"),
        (sp.exp(-1000) * x, f"exp(-1000) = 5.07596e-435, {HELD}"),
        (sp.exp(sp.exp(100)), "exp(exp(100)) = 2.76636e+1167434441400288663279816738100883673685188"),
        (x + sp.Rational(1, 3 * 10**315), f"3.33333e-316, {HELD}"),
        (x * sp.exp(500) * 10**200, f"1.40359e+417, {HELD}"),
        (x**HUGE, f"1.00000e+400, {HELD}"),
        (sp.exp(x * HUGE), f"1.00000e+400, {HELD}"),
        (sp.Piecewise((1, x > -HUGE), (0, True)), f"-1.00000e+400, {HELD}"),
        (sp.Max(x, HUGE), f"1.00000e+400, {HELD}"),
        (exprel(HUGE), "exprel(10"),
        (x + sp.cbrt(-2), "(-2)**(1/3) = 0.629961 + 1.09112*I, which is no real number"),
        (x + sp.exp(800) - sp.exp(-800), f"2.72637e+347, {HELD}"),
        (x * sp.Float(5e-324), f"4.94066e-324, {HELD}"),
        (x * sp.log(1 + sp.Rational(1, 10**1500)), "of which 1000 digits cancel; write it another way"),
        (x * (sp.exp(sp.Rational(1, 10**3000)) - 1), "of which 1000 digits cancel; write it another way"),
    ],
    ids=range(20),
)
def test_a_constant_that_64_bits_do_not_hold_is_said(expr, words) -> None:
    with pytest.raises(ValueError, match=r"^the result r in 'f' has the constant .*" + re.escape(words)):
        compile_program("f", Program((x,), {}, {r: expr}))


@pytest.mark.parametrize("backend", COMPUTING)
def test_no_language_has_constants_that_64_bits_do_not_hold(backend) -> None:
    for expr, constant in ((x * HUGE, r"1\.00000e\+400"), (x / HUGE, "1.00000e-400")):
        with pytest.raises(ValueError, match=f"^the definition of a in 'f' has the constant {constant}, which 64 bits"):
            compile_program("f", Program((x,), {a: expr}, {r: a}), backend)


@pytest.mark.parametrize(
    ("expr", "words"),
    [
        (x + sp.nan, "the backend 'latex' cannot express NaN in the result r in 'f'"),
        (x * sp.zoo, "the backend 'latex' cannot express ComplexInfinity in the result r in 'f'"),
        (x + 10**5000, "the result r in 'f' has the constant 1.00000e+5000, too long for a formula: "),
    ],
    ids=["nan", "zoo", "long"],
)
def test_what_no_formula_can_say_is_said(expr, words) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        compile_program("f", Program((x,), {}, {r: expr}), "latex")


def test_formulas_hold_what_no_double_holds() -> None:
    def formula(expr):
        return compile_program("f", Program((x,), {}, {r: expr}), "latex").source.splitlines()[-2]

    assert formula(x + HUGE) == f"r &= x + 1{'0' * 400}"
    assert formula(x * sp.oo) == r"r &= \infty\,x"
    assert formula(exprel(sp.Rational(1, 3)) * x) == r"r &= x\,\operatorname{exprel}\left(\frac{1}{3}\right)"
    assert formula(sp.Rational(2, 3) ** x) == r"r &= \left(\frac{2}{3}\right)^{x}"


def test_programs_that_differ_only_in_long_numbers_are_told_apart() -> None:
    found = {compile_program("f", Program((x,), {}, {r: x * sp.Rational(k * 10**5000 + 1, 10**5000)})) for k in (1, 2)}
    assert len(found) == 2


@pytest.mark.parametrize(
    ("backend", "word"),
    [("numpy", "lambda"), ("torch", "torch"), ("jax", "jnp"), ("c", "double"), ("javascript", "new")],
)
def test_words_of_the_language_are_no_names(backend, word) -> None:
    symbol = sp.Symbol(word)
    for name, program in (("f", Program((symbol,), {}, {r: symbol})), (word, Program((x,), {}, {r: x}))):
        with pytest.raises(ValueError, match=rf"the backend '{backend}' has another use for the name '{word}' of"):
            compile_program(name, program, backend)


def test_underflow_is_no_warning() -> None:
    with np.errstate(all="raise"):
        assert compile_program("small", Program((x,), {}, {r: sp.exp(x)}))(-1e4) == (0.0,)


def test_branches_that_are_not_taken_give_no_warning() -> None:
    root = sp.Piecewise((0, sp.Eq(x, 0)), (sp.sqrt(x) + 1 / x, x >= 0), (sp.log(-x), True))
    with np.errstate(all="raise"):
        (found,) = compile_program("root", Program((x,), {}, {r: root}))([-1.0, 0.0, 4.0])
    np.testing.assert_array_equal(found, [0.0, 0.0, 2.25])


def test_formulas_are_in_the_notation_of_the_theory() -> None:
    assert (
        r"\frac{d}{d t} |\Delta h|^2 &= - |\Delta x|^2\,\tau_h^{-1}\,w \\"
        in compile("two_point", "rhs", "latex").source
    )
    jacobian = compile("two_point", "jacobian", "latex").source
    assert r"\frac{\partial}{\partial w} \frac{d}{d t} |\Delta h|^2 &= - |\Delta x|^2\,\tau_h^{-1}" in jacobian
    solution = compile("two_point", "solution", "latex").source
    assert r"S_\epsilon &= s\,\operatorname{exprel}\left(- \epsilon\,s\right) \\" in solution
    assert solution.count("&=") == len(needed(two_point().solution.evaluated()).definitions) + 3
    assert solution.rstrip().endswith(r"\end{aligned}")


def test_formulas_of_a_bare_program_are_in_plain_symbols() -> None:
    source = compile_program("f", Program((x,), {a: exprel(x).diff(x)}, {r: a**2}), "latex").source
    assert source.splitlines()[3:] == [
        r"\begin{aligned}",
        r"a &= \operatorname{exprel}'\left(x\right) \\",
        "r &= a^{2}",
        r"\end{aligned}",
    ]


def test_every_backend_that_computes_is_tested() -> None:
    assert set(CALLED) | {"latex"} == set(BACKENDS)
