"""Web pages that need nothing else, from the templates beside this file: text is escaped, pictures lie inside."""

from __future__ import annotations

import base64
from typing import Any

from markupsafe import Markup

from store.text import clean

LONGEST = 2000  # characters of a text


def render_page(template: str, **values: Any) -> str:
    """The page. Every text that is no Markup is cleaned (`store.text.clean`) and escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    pages = Environment(
        loader=PackageLoader("pipelines"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: clean(value, LONGEST) if type(value) is str else value,
        keep_trailing_newline=True,
    )
    pages.filters["clean"] = clean
    return pages.get_template(template).render(values)


def data_uri(content: bytes, kind: str) -> Markup:
    """A picture's bytes as an address that holds them; `kind` like `image/png`."""
    return Markup(f"data:{kind};base64,{base64.b64encode(content).decode()}")
