"""Is it so: networks trained with Lightning, their pairs tracked, fitted and drawn.

Names are loaded when they are first used: training and drawing need the extra ``repdyn[experiments]``.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
