"""What staff see: records listed, searched, changed, and what became of them."""

from certstates.admin import states

__all__ = ["states"]
