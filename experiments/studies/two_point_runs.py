"""The trials that several studies share: two-point runs at the listed settings, and fits to them."""

from __future__ import annotations

from dataclasses import replace

from ..settings import Fits, SettingError, TwoPoints, find_setting
from ..sweep.trial import Trial

THEORIES = ("two_point", "scalar_output", "growing_rates")
"""The paper's theory, the same without its ansatz, and rates that grow."""


def two_points(name: str, *, seed: int = 0, speed: float = 1.0, width: int = 0) -> TwoPoints:
    """A two-point setting of the package.

    Args:
        name: its name.
        seed: of its weights.
        speed: factor on its learning rate, which the number of steps is divided by.
        width: of its hidden layers where they are wider; 0 leaves them as they are.
    """
    setting = find_setting(name)
    if not isinstance(setting, TwoPoints):
        raise SettingError(f"{name} is a setting of {setting.experiment}; a study of two points needs two_points")
    return replace(
        setting,
        seed=seed,
        lr=setting.lr * speed,
        steps=round(setting.steps / speed),
        width=min(setting.width, width or setting.width),
    )


def fitted(setting: TwoPoints, theories: tuple[str, ...] = THEORIES) -> Trial:
    """Theories fitted at the layer that a setting names."""
    fits = Fits(name=setting.name, seed=setting.seed, theories=theories, layers=(setting.layer,))
    return Trial(fits, (Trial(setting),))
