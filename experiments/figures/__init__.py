"""Figures: what was measured, with theory drawn over it. Seaborn and matplotlib are used here and nowhere else.

Names are loaded when they are first used, and none loads what trains networks.
"""

import lazy_loader

from ..training import mpl_backend as mpl_backend  # before matplotlib is loaded

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
