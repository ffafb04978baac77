"""The study of the context task."""
