"""Tokens by client credentials, as Microsoft's libraries ask Entra ID for them."""
