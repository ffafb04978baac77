"""Deep linear networks by gradient descent, written out: an oracle that knows nothing of the theory."""

from itertools import pairwise

import numpy as np


def descend(weights, inputs, targets, lr, steps, bias=None, rates=None):
    """The weights, and the decoder's bias, after so many steps on half the squared error, averaged over the points.

    Layers act from the right, ``x W1 W2 ...``; each has its own share of lr in ``rates``.
    """
    weights = [np.array(w) for w in weights]
    rates = [1.0] * len(weights) if rates is None else rates
    bias = None if bias is None else np.array(bias)
    for _ in range(steps):
        layers = activations(weights, inputs)
        error = (layers[-1] - targets + (0 if bias is None else bias)) / len(inputs)
        if bias is not None:
            bias = bias - lr * error.sum(0)
        for i in reversed(range(len(weights))):
            gradient = layers[i].T @ error
            error = error @ weights[i].T
            weights[i] = weights[i] - lr * rates[i] * gradient
    return weights, bias


def activations(weights, inputs):
    """What is behind each layer, the inputs first."""
    layers = [inputs]
    for w in weights:
        layers.append(layers[-1] @ w)
    return layers


def drawn(seed, sizes, size):
    """Random weights, each layer about ``size`` times as large as one that keeps lengths."""
    draws = np.random.default_rng(seed)
    return [size * draws.normal(size=(m, n)) / np.sqrt(m) for m, n in pairwise(sizes)]


def task(seed, points=40, inputs=8, outputs=4):
    """Inputs and targets about their means, with modes of different strength."""
    draws = np.random.default_rng(seed)
    x = draws.normal(size=(points, inputs)) * np.geomspace(1, 0.4, inputs)
    y = x @ draws.normal(size=(inputs, outputs)) / np.sqrt(inputs) * np.geomspace(2, 0.5, outputs)
    return x - x.mean(0), y - y.mean(0)
