"""A small identity provider on loopback, by OpenID Connect, that can be made to lie.

It consents at once, as the person in ``person``. ``tell`` changes the claims of an ID
token, and ``sign`` is the way it is signed; both are for the attacks.
"""

import base64
import hashlib
import json
import secrets
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.leaks import LEAKS

CLIENT_ID = "certstates"
CLIENT_SECRET = "the-secret-that-both-know-0123456789"
ANA = {
    "sub": "5f1c-ana",
    "preferred_username": "ana@contoso.example",
    "email": "ana@contoso.example",
    "given_name": "Ana",
    "family_name": "Silva",
    "groups": ["it-helpdesk"],
}


class Key:
    """A pair of keys, and the name under which the public one is published."""

    def __init__(self, kid):
        self.kid = kid
        self.private = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    @property
    def published(self):
        public = jwt.algorithms.RSAAlgorithm.to_jwk(
            self.private.public_key(), as_dict=True
        )
        return {**public, "kid": self.kid, "use": "sig", "alg": "RS256"}


USUAL = Key("one")


class IdentityProvider:
    """What it believes and does; the tests change that."""

    def __init__(self, host="127.0.0.1", context=None):
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.provider = self
        self.server.daemon_threads = True
        if context:
            sock = self.server.socket
            self.server.socket = context.wrap_socket(sock, server_side=True)
        scheme = "https" if context else "http"
        self.url = f"{scheme}://{host}:{self.server.server_port}"
        self.reset()

    def reset(self):
        """Be honest again."""
        self.person = dict(ANA)
        self.codes = {}
        self.asked = []  # the paths of all requests
        self.document = {}  # what differs in the discovery document; None: is missing
        self.declines = False
        self.delay = 0
        self.status = {}  # of a path, where it is not 200
        self.moved = {}  # from a path to an address that is told by 307
        self.in_userinfo = ()  # the claims that the ID token leaves out
        self.userinfo = {}  # what differs in it
        self.auth_methods = ["client_secret_post", "client_secret_basic"]
        self.key = USUAL
        self.published = None
        self.tell = lambda claims: claims
        self.sign = self.sign_rs256

    def sign_rs256(self, claims, **headers):
        headers = {"kid": self.key.kid, **headers}
        return jwt.encode(claims, self.key.private, "RS256", headers=headers)

    def discovery(self):
        document = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "response_types_supported": ["code"],
            "token_endpoint_auth_methods_supported": self.auth_methods,
            **self.document,
        }
        return {name: value for name, value in document.items() if value is not None}

    def keys(self):
        return {"keys": self.published or [self.key.published]}

    def authorize(self, query):
        """Return where the browser goes: back, with a code or with bad news."""
        assert query["response_type"] == "code"
        assert query["client_id"] == CLIENT_ID
        assert query["code_challenge_method"] == "S256"
        assert "openid" in query["scope"].split()
        back = {"state": query["state"]}
        if self.declines:
            back["error"] = "access_denied"
        else:
            back["code"] = secrets.token_urlsafe(16)
            self.codes[back["code"]] = {**query, "person": dict(self.person)}
        return f"{query['redirect_uri']}?{urlencode(back)}"

    def token(self, form, authorization):
        """Return status and answer: tokens for a code, once, to who began."""
        client = form.get("client_id"), form.get("client_secret")
        if authorization:
            basic = base64.b64decode(authorization.removeprefix("Basic ")).decode()
            client = tuple(basic.split(":", 1))
        if client != (CLIENT_ID, CLIENT_SECRET):
            return 401, {"error": "invalid_client"}
        begun = self.codes.pop(form["code"], None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if (
            not begun
            or begun["redirect_uri"] != form["redirect_uri"]
            or begun["code_challenge"] != challenge
        ):
            return 400, {"error": "invalid_grant", "error_description": form["code"]}
        self.access_token = secrets.token_urlsafe(16)
        self.id_token = self.sign(self.tell(self.claims(begun)))
        for secret in (CLIENT_SECRET, form["code"], self.access_token):
            LEAKS.learn(secret)
        LEAKS.learn(str(self.id_token))
        return 200, {
            "access_token": self.access_token,
            "id_token": self.id_token,
            "token_type": "Bearer",
            "expires_in": 300,
        }

    def claims(self, begun):
        now = int(time.time())
        person = begun["person"]
        self.known = person
        return {
            "iss": self.url,
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 300,
            "nonce": begun.get("nonce"),
            **{k: v for k, v in person.items() if k not in self.in_userinfo},
        }


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *args):
        """Stay silent: the tests' output is for the tests."""

    @property
    def provider(self):
        return self.server.provider

    def answer(self, status, document):
        body = json.dumps(document).encode()
        elsewhere = self.provider.moved.get(self.route)
        status = 307 if elsewhere else status
        self.send_response(self.provider.status.get(self.route, status))
        if elsewhere:
            self.send_header("Location", elsewhere)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def listen(self):
        parts = urlsplit(self.path)
        self.route = parts.path
        self.provider.asked.append(parts.path)
        time.sleep(self.provider.delay)
        return {name: values[0] for name, values in parse_qs(parts.query).items()}

    def do_GET(self):
        query = self.listen()
        if self.route == "/authorize":
            self.send_response(302)
            self.send_header("Location", self.provider.authorize(query))
            self.send_header("Content-Length", "0")
            return self.end_headers()
        if self.route == "/userinfo":
            token = self.headers.get("Authorization")
            if token != f"Bearer {self.provider.access_token}":
                return self.answer(401, {})
            return self.answer(200, {**self.provider.known, **self.provider.userinfo})
        documents = {
            "/.well-known/openid-configuration": self.provider.discovery,
            "/keys": self.provider.keys,
        }
        return self.answer(200, documents[self.route]())

    def do_POST(self):
        self.listen()
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        self.answer(*self.provider.token(form, self.headers.get("Authorization")))


@contextmanager
def identity_provider(**options):
    """Yield a provider that answers until the end."""
    provider = IdentityProvider(**options)
    thread = threading.Thread(target=provider.server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield provider
    finally:
        provider.server.shutdown()
        provider.server.server_close()
        thread.join()
