"""The study of the rich structure."""
