"""How the site is made: ``make docs``. It needs no network, neither to be built nor to be read."""

import sys
import tomllib
import warnings
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))  # the extensions beside this file

project = "repdyn"
author = "The repdyn developers"
copyright = author  # what Sphinx calls it
version = release = tomllib.loads((HERE.parent / "pyproject.toml").read_text("utf-8"))["project"]["version"]

# What Lightning says of itself is not what an example says.
warnings.filterwarnings("ignore", message=".*LeafSpec.*")
warnings.filterwarnings("ignore", message=".*does not have many workers.*")

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "sphinx_gallery.gen_gallery",
    "extensions.annotations",
    "extensions.bars",
    "extensions.derivation",
    "extensions.equations",
    "extensions.explorer",
    "extensions.help",
    "extensions.mathml",
]
exclude_patterns = ["extensions", "_templates", "speed", "gallery/**/*.ipynb", "gallery/**/*.py"]
templates_path = ["_templates"]

myst_enable_extensions = ["attrs_block", "attrs_inline", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
myst_links_external_new_tab = False

html_theme = "furo"
html_title = "repdyn"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_favicon = "_static/mark.svg"
html_show_sourcelink = False
html_copy_source = False
html_math_renderer = "mathml"
html_theme_options = {
    "light_logo": "mark.svg",
    "dark_logo": "mark.svg",
    "light_css_variables": {
        "color-brand-primary": "#2f5597",
        "color-brand-content": "#2f5597",
        "color-brand-visited": "#2f5597",
        "color-admonition-title": "#4c72b0",
        "color-admonition-title-background": "#4c72b022",
    },
    "dark_css_variables": {
        "color-brand-primary": "#8db7ef",
        "color-brand-content": "#8db7ef",
        "color-brand-visited": "#8db7ef",
    },
    "footer_icons": [],
}
pygments_style = "friendly"
pygments_dark_style = "github-dark"

autodoc_default_options = {"members": True}
autodoc_inherit_docstrings = False  # what Lightning says of its hooks is in Lightning's documentation
autodoc_member_order = "bysource"
autodoc_type_aliases = {name: name for name in ("ArrayLike", "Coefficients", "Number")}
autosummary_filename_map = {"repdyn.experiments.run": "repdyn.experiments.run-function"}  # beside Run.rst on any disk
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True
python_maximum_signature_line_length = 90
python_use_unqualified_type_names = True
add_module_names = False
toc_object_entries_show_parents = "hide"

copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

sphinx_gallery_conf = {
    "examples_dirs": str(HERE.parent / "examples"),
    "gallery_dirs": "gallery",
    "filename_pattern": r"\.py$",
    "within_subsection_order": "extensions.figures.ReadingOrder",
    "image_scrapers": ("extensions.figures.returned_figures",),
    "default_thumb_file": str(HERE / "_static" / "mark.svg"),
    "thumbnail_size": (640, 360),
    "backreferences_dir": "gallery/backreferences",
    "doc_module": ("repdyn",),
    "reference_url": {"repdyn": None},
    "abort_on_example_error": True,
    "download_all_examples": False,
    "min_reported_time": 3600,
    "show_memory": False,
    "show_signature": False,
    "write_computation_times": False,
}

nitpicky = True
nitpick_ignore_regex = [
    # No inventory of another project is fetched, so nothing outside repdyn can be linked to.
    (r"py:.*", r"(collections|concurrent|contextlib|numbers|os|pathlib|typing|abc|builtins)\b.*"),
    (r"py:.*", r"(jax|matplotlib|np|numpy|pandas|pd|pl|pytorch_lightning|sp|sympy|torch)\b.*"),
    (r"py:.*", r"(da|zarr)\b.*|Client|Figure|Path"),
    (r"py:(class|exc|obj)", r"(bool|bytes|dict|float|int|list|object|str|tuple|None|Any|\w*(Error|Exception|Exit))"),
    # What is not public has no page, and an alias of types none either.
    (r"py:.*", r"repdyn\.\w+\.\w+\.[\w.]+|functions\.regular|check_predictable|DistanceSource"),
    (r"py:class", r"ArrayLike|Coefficients|Number"),
]
