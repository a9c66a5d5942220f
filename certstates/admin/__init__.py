"""What staff see: records listed, searched, changed, and what became of them."""

from certstates.admin import applications, people, searches, sources, states, tokens

__all__ = ["applications", "people", "searches", "sources", "states", "tokens"]
