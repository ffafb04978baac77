"""A single run of a setting, and what is predicted of one without a fit."""
