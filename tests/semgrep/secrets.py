# What .semgrep/secrets.yaml finds and what it lets pass; `semgrep --test` compares.
import hashlib
import random
import uuid

# ruleid: secrets-weak-chance
from random import choice

# ok: secrets-weak-chance
from random import Random


def hashes_of(text):
    # ruleid: secrets-weak-hash
    hashlib.md5(text)
    # ruleid: secrets-weak-hash
    hashlib.sha1(text, usedforsecurity=False)
    # ruleid: secrets-weak-hash
    hashlib.new("md5", text)
    # ok: secrets-weak-hash
    hashlib.sha256(text)


def chance():
    # ruleid: secrets-weak-chance
    random.choice("abc")
    # ruleid: secrets-weak-chance
    random.randbytes(32)
    # ruleid: secrets-weak-chance
    uuid.uuid1()
    # ok: secrets-weak-chance
    secrets.token_urlsafe()
    # ok: secrets-weak-chance
    Random("seed").random()


def equals(given, secret, row):
    # ruleid: secrets-equals
    given == secret
    # ruleid: secrets-equals
    row.client_secret == given
    # ruleid: secrets-equals
    given != row.signature
    # ok: secrets-equals
    secret == ""
    # ok: secrets-equals
    constant_time_compare(given, secret)
    # ok: secrets-equals
    given == row.token_count


def tokens(token, key):
    # ruleid: secrets-jwt-any-algorithm
    jwt.decode(token, key)
    # ruleid: secrets-jwt-any-algorithm
    jwt.decode(token, key, audience="api")
    # ruleid: secrets-jwt-any-algorithm
    jwt.decode(token, key, algorithms=["RS256", "HS256"])
    # ruleid: secrets-jwt-any-algorithm
    jwt.decode(token, key, algorithms=["none"])
    # ruleid: secrets-jwt-any-algorithm
    options = {"verify_signature": False}
    # ok: secrets-jwt-any-algorithm
    jwt.decode(token, key, algorithms=["RS256"], audience="api")
    # ok: secrets-jwt-any-algorithm
    jwt.decode(token, key, algorithms=ALGORITHMS, options={"verify_exp": True})


def logged(request, token, name):
    # ruleid: secrets-logged
    logger.warning("refused %s", token)
    # ruleid: secrets-logged
    logger.info("refused %s", request.headers["Authorization"])
    # ruleid: secrets-logged
    logging.error("refused", extra.client_secret)
    # ruleid: secrets-logged, secrets-log-format
    self.logger.error(f"refused {token}")
    # ok: secrets-logged
    logger.warning("refused a token of %s", name)


def formats(name, words):
    # ruleid: secrets-log-format
    logger.warning(f"refused {name}")
    # ruleid: secrets-log-format
    logger.warning("refused %s" % name)
    # ruleid: secrets-log-format
    logger.warning("refused " + name)
    # ruleid: secrets-log-format
    logger.warning(words)
    # ok: secrets-log-format
    logger.warning("refused %s", name)
    # ok: secrets-log-format
    math.log(name)
