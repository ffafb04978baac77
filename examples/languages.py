"""
The theory in other languages
=============================

One symbolic program becomes a function for NumPy, plain Python, PyTorch or JAX, or a source in C, JavaScript or LaTeX.
"""

import torch
from repdyn.numeric import compile

path = compile("two_point", "solution", backend="torch")
print(path.arguments)

# %%
# Gradients flow through it. Here the rates are found by gradient descent in PyTorch, from three points of a trajectory:

t = torch.tensor([100.0, 300.0, 600.0], dtype=torch.float64)
problem = [torch.tensor(x, dtype=torch.float64) for x in (1e-2, 1e-2, 0.0, 1.0, 0.5)]
true = torch.tensor([2e-3, 2e-2], dtype=torch.float64)
wanted = path(t, *problem, *true)
logs = torch.tensor([1e-3, 1e-2], dtype=torch.float64).log().requires_grad_()
optimiser = torch.optim.LBFGS([logs], max_iter=100, line_search_fn="strong_wolfe")


def closure():
    optimiser.zero_grad()
    loss = sum(
        (found - w).square().sum()
        for found, w in zip(path(t, *problem, *logs.exp()), wanted, strict=True)
    )
    loss.backward()
    return loss


optimiser.step(closure)
print("rates found:", logs.exp().tolist(), "true:", true.tolist())

# %%
# Sources are complete in themselves, with the order of arguments written down.

print(compile("two_point", "rhs", backend="c").source)
print(compile("two_point", "rhs", backend="javascript").source)
