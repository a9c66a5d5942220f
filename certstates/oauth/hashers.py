"""How client secrets are kept: hashed once, with salt."""

from django.contrib.auth.hashers import PBKDF2PasswordHasher


class ClientSecretHasher(PBKDF2PasswordHasher):
    """One round of PBKDF2: a secret is 256 random bits, which no rounds make safer.

    Rounds are there for what people make up. Here they would only let anybody who knows
    a client id keep the processors busy by asking for tokens with wrong secrets.
    """

    algorithm = "client_secret"
    iterations = 1
