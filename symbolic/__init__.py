"""What is true: theories of representation learning, derived, proved and solved in SymPy.

Names are loaded when they are first used: who has a cache of generated code never needs SymPy.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
