"""Fills in the templates of pages: the only place of this room that knows the template language."""

from typing import Any

import jinja2

from ackbot import resources


def render(template: str, **values: Any) -> str:
    """A page of templates/report. Everything in `values` is escaped; an undefined one is an error."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(str(resources.templates() / "report")),
        autoescape=jinja2.select_autoescape(["html"]),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(**values)
