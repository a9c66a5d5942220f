"""How dates are written, by language: there is one."""
