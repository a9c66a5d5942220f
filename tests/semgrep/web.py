# What .semgrep/web.yaml finds and what it lets pass; `semgrep --test` compares.
import http.client
import socket
import ssl


# ruleid: web-csrf-exempt
@csrf_exempt
def exempt(request):
    # ruleid: web-csrf-exempt
    view = wrap(csrf_exempt(request.view))
    # ruleid: web-csrf-exempt
    view.csrf_exempt = True
    return view


# ok: web-csrf-exempt
@csrf_protect
def protected(request):
    pass


# ruleid: web-debug
DEBUG = True
# ruleid: web-debug
settings.DEBUG = True
# ruleid: web-debug
DEBUG = env_bool("DEBUG", default=True)
# ok: web-debug
DEBUG = env_bool("DEBUG", default=False)

# ruleid: web-any-host
ALLOWED_HOSTS = ["*"]
# ruleid: web-any-host
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS", default="*")
# ruleid: web-any-host
CORS_ALLOW_ALL_ORIGINS = True
# ok: web-any-host
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS", default="localhost")
# ok: web-any-host
ALLOWED_HOSTS = ["localhost"]


def unverified(url, session, context):
    # ruleid: web-unverified
    requests.get(url, timeout=3, verify=False)
    # ruleid: web-unverified
    httpx.Client(verify=False)
    # ruleid: web-unverified
    session.verify = False
    # ruleid: web-unverified
    context.check_hostname = False
    # ruleid: web-unverified
    ssl._create_unverified_context()
    # ok: web-unverified
    requests.get(url, timeout=3, verify="/etc/ssl/ca.pem")
    # ok: web-unverified
    ssl.create_default_context()


def waits(url):
    # ruleid: web-waits-for-ever
    requests.get(url)
    # ruleid: web-waits-for-ever
    requests.post(url, json={})
    # ruleid: web-waits-for-ever
    urlopen(url)
    # ruleid: web-waits-for-ever
    urllib.request.urlopen(url)
    # ruleid: web-waits-for-ever
    http.client.HTTPSConnection(url)
    # ruleid: web-waits-for-ever
    socket.create_connection((url, 443))
    # ruleid: web-waits-for-ever
    PyJWKClient(url)
    # ok: web-waits-for-ever
    requests.get(url, timeout=3)
    # ok: web-waits-for-ever
    urlopen(url, timeout=3)
    # ok: web-waits-for-ever
    http.client.HTTPSConnection(url, timeout=3)
    # ok: web-waits-for-ever
    self.requests.get(url)
    # ruleid: web-endless-timeout
    requests.get(url, timeout=None)
    # ok: web-endless-timeout
    requests.get(url, timeout=3)
