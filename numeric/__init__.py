"""How big it is: trajectories, end states, integration and fits, generated from the symbolic theories.

Names are loaded when they are first used: only those that integrate or fit need more of SciPy than its functions.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
