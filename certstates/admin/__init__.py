"""What staff see: records listed, searched, changed, and what became of them."""

from certstates.admin import people, searches, states, tokens

__all__ = ["people", "searches", "states", "tokens"]
