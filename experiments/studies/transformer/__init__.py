"""A transformer that learns differences modulo a number: in which of its parts states merge."""
