"""What all networks of this package have in common, whatever their setting."""

CHANNELS, KERNEL = 20, 11
"""Of a convolutional network."""

TOKENS, HEADS = 4, 4
"""Of a transformer."""

_HIDDEN = "network.hidden."


def hidden_layer(index: int) -> str:
    """The name of a hidden layer, counted from 0, in the module that is trained.

    >>> hidden_layer(2)
    'network.hidden.2'
    """
    return f"{_HIDDEN}{index}"


def hidden_index(layer: str) -> int:
    """The number of a hidden layer, counted from 0.

    Raises:
        ValueError: if it is not the name of one.

    >>> hidden_index("network.hidden.2")
    2
    """
    index = layer.removeprefix(_HIDDEN)
    if index == layer or not index.isdigit():
        raise ValueError(f"a hidden layer is called {_HIDDEN}0 and so on, got {layer!r}")
    return int(index)
