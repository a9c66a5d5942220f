"""Records copied from another Graph-shaped server, page by page."""
