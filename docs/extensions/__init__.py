"""What the site needs beside Sphinx: mathematics without a script, equations from their theories, and so on."""
