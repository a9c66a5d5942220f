"""The HTTP server that ``up`` runs: granian, with one worker process per core."""

import multiprocessing
import os
import signal
import threading
from multiprocessing.connection import wait
from typing import Any

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from project.wsgi import application

HOST = "127.0.0.1"
THREADS = 2  # per worker; each keeps a database connection open


def serve(port: int) -> None:
    """Serve until SIGINT or SIGTERM; requests that have begun are finished."""
    server = Granian(
        "project.wsgi:application",
        address=HOST,
        port=port,
        interface=Interfaces.WSGI,
        workers=os.cpu_count() or 1,
        blocking_threads=THREADS,
        log_level=LogLevels.warning,
        websockets=False,
    )
    server.serve(target_loader=_application_in_worker)


def _application_in_worker(target: str) -> Any:
    parent = multiprocessing.parent_process()
    if parent:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()
    return application


def _end_with(sentinel: int) -> None:
    """Stop this worker when the main process is gone, even if it was killed."""
    wait([sentinel])
    os.kill(os.getpid(), signal.SIGTERM)
