"""Access tokens that an identity provider signed: Entra ID, or any other of OIDC."""
