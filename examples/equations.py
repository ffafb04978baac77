"""
A theory's equations
====================

Every theory carries its equations, what it conserves, and a derivation whose steps are proved by exact algebra.
"""

from repdyn.symbolic import theories, two_point

theory = two_point()
for state in theory.states:
    print(f"d {state} / dt = {theory.rhs[state]}")
print(f"conserved: I = {theory.invariants['I']}")

# %%
# Each step says why it holds; ``check`` works out what is left when it is applied, which must be exactly 0.

step = theory.derivation["fixed_points"]
step.check()
print(step.title, "-", step.reason)
for relation in step.statement:
    print("   ", theory.derivation.latex(relation))

# %%
# The whole family, by name:

for name, theory in theories().items():
    coefficients = ", ".join(map(str, theory.coefficients))
    print(f"{name:<16} {len(theory.derivation.steps):>2} steps; coefficients {coefficients}")
