from typing import Any

from django import template

from certstates.admin.searches import Shown
from certstates.admin.searches import saved_searches_for as find

register = template.Library()


@register.simple_tag(takes_context=True)
def saved_searches_for(context: dict[str, Any]) -> Shown:
    """Return the saved searches that the page's reader is offered."""
    return find(context["request"])
