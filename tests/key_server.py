"""An identity provider on loopback: real keys, and every way to misbehave."""

import base64
import contextlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from tests.leaks import LEAKS

AUDIENCE = "api://certs.example"
CLIENT = "11111111-2222-3333-4444-555555555555"
ABSENT = object()


def part(content):
    content = content.encode() if isinstance(content, str) else content
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


class SigningKey:
    """A private key, and how the provider publishes it."""

    def __init__(self, kid, private=None, published=()):
        self.kid = kid
        self.private = private or rsa.generate_private_key(65537, 2048)
        maker = {
            rsa.RSAPrivateKey: RSAAlgorithm,
            ec.EllipticCurvePrivateKey: ECAlgorithm,
            ed25519.Ed25519PrivateKey: OKPAlgorithm,
        }
        [kind] = [
            made for base, made in maker.items() if isinstance(self.private, base)
        ]
        public = kind.to_jwk(self.private.public_key(), as_dict=True)
        public.pop("key_ops", None)
        given = {"use": "sig", "kid": kid, **public, **dict(published)}
        self.jwk = {name: v for name, v in given.items() if v is not ABSENT}

    def sign_texts(self, header, payload):
        """Return a token of these very texts, whatever they say, signed by RS256."""
        signed = f"{part(header)}.{part(payload)}"
        signature = self.private.sign(signed.encode(), PKCS1v15(), SHA256())
        return self._made(f"{signed}.{part(signature)}")

    def sign(self, claims, *, algorithm="RS256", **header):
        header = {"kid": self.kid, **header}
        header = {name: value for name, value in header.items() if value is not ABSENT}
        return self._made(jwt.encode(claims, self.private, algorithm, header))

    @staticmethod
    def _made(token):
        LEAKS.learn(token)
        return token


class KeyServer(ThreadingHTTPServer):
    """Serves the discovery document and the keys, and counts who asks for what.

    ``misbehave`` is called with the handler in place of an answer.
    """

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.issuer = f"{self.url}/tenant"
        self.jwks_uri = f"{self.url}/keys"
        self.keys = []
        self.asked = []
        self.misbehave = None
        self.closing = threading.Event()

    @property
    def questions(self):
        """Return how often the keys were asked for."""
        return self.asked.count("/keys")

    def documents(self):
        return {
            "/tenant/.well-known/openid-configuration": {
                "issuer": self.issuer,
                "jwks_uri": self.jwks_uri,
            },
            "/keys": {"keys": [key.jwk for key in self.keys]},
        }

    def claims(self, **overrides):
        """Return the claims of a v2.0 application's token."""
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": AUDIENCE,
            "iat": now,
            "nbf": now,
            "exp": now + 3600,
            "azp": CLIENT,
            "sub": "99999999-2222-3333-4444-555555555555",
            "ver": "2.0",
            "roles": ["DeviceManagementConfiguration.ReadWrite.All"],
            **overrides,
        }
        return {name: value for name, value in claims.items() if value is not ABSENT}


class Handler(BaseHTTPRequestHandler):
    server: KeyServer

    def do_GET(self):
        self.server.asked.append(self.path)
        if self.server.misbehave:
            with contextlib.suppress(OSError):
                self.server.misbehave(self)
            return
        document = self.server.documents().get(self.path)
        self.answer(200 if document else 404, json.dumps(document).encode())

    def handle(self):
        with contextlib.suppress(OSError):
            super().handle()

    def answer(self, status, body, **headers):
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


@contextlib.contextmanager
def running(tls=None):
    with KeyServer() as server:
        if tls:
            # The handshake is the handler's, so that a bad one stops nobody else.
            server.socket = tls.wrap_socket(
                server.socket, server_side=True, do_handshake_on_connect=False
            )
        serving = threading.Thread(target=server.serve_forever, args=(0.01,))
        serving.start()
        try:
            yield server
        finally:
            server.closing.set()
            server.shutdown()
            serving.join()
