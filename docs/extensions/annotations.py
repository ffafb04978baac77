"""Types in signatures lead to the public names: ``repdyn.numeric.quantities.State`` is ``repdyn.numeric.State``."""

import re
from typing import Any

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

PACKAGES = ("symbolic", "numeric", "experiments")


def resolve(app: Sphinx, env: BuildEnvironment, node: pending_xref, text: nodes.TextElement) -> nodes.Element | None:
    """Resolve a name that is documented under the package that publishes it, whichever file it stands in."""
    if node.get("refdomain") != "py":
        return None
    name = node["reftarget"].lstrip("~.")
    last = name.rpartition(".")[2]
    if "." in name and not name.startswith("repdyn."):
        return None
    for package in PACKAGES:
        published = f"repdyn.{package}.{last}"
        if published in env.domains.python_domain.objects:
            return env.domains.python_domain.resolve_xref(
                env, node["refdoc"], app.builder, "obj", published, node, text
            )
    return None


def name_aliases(
    app: Sphinx, what: str, name: str, thing: object, options: object, signature: str | None, returned: str | None
) -> tuple[str | None, str | None]:
    """Print an alias inside another type by its name, which Sphinx does where it stands alone."""
    return tuple(text and re.sub(r"TypeAliasForwardRef\('(\w+)'\)", r"\1", text) for text in (signature, returned))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register both."""
    app.connect("autodoc-process-signature", name_aliases)
    app.connect("missing-reference", resolve)
    return {"parallel_read_safe": True}
