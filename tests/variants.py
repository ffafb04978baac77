"""Theories of one's own, for tests."""

from repdyn.symbolic import Derivation, Theory, two_point


def variant(name, coefficient, rhs):
    """The two-point theory with other rates, which may depend on one more coefficient, and nothing solved."""
    base = two_point()
    return Theory(
        name=name,
        states=base.states,
        start=base.start,
        parameters=(*base.parameters, coefficient),
        time=base.time,
        rhs=rhs,
        readout=base.readout,
        begin=base.begin,
        invariants={},
        derivation=Derivation(name, "", base.derivation.notation, ()),
    )
