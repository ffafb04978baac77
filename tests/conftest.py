"""How every test draws: no deadlines, since machines are shared, and the same examples each time."""

from hypothesis import settings

settings.register_profile("repdyn", deadline=None, derandomize=True, max_examples=100)
settings.load_profile("repdyn")
