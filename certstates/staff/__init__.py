"""How staff sign in, and how long they stay so."""
