"""The HTTP server that ``up`` runs: granian, with a worker process for each core."""

import multiprocessing
import os
import select
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterable
from multiprocessing.connection import wait
from typing import Any

from django.conf import settings
from granian.constants import HTTPModes, Interfaces, SSLProtocols
from granian.log import LogLevels
from granian.server.mp import MPServer

from project import tls
from project.wsgi import application

HOST = "127.0.0.1"
MOST_WORKERS = 4
THREADS = 2  # per worker; each keeps a database connection open
BENCH_THREADS = 8  # latency on demand keeps a thread busy with sleeping
DRAIN_TIMEOUT = 20  # seconds for requests that have begun, after SIGTERM
READER_TIMEOUT = 5  # seconds for who reads the output, after that
OUTPUTS = (1, 2)


class Server(MPServer):
    """Granian, but a worker that is only just starting hears SIGTERM too."""

    def signal_handler_interrupt(self, *args: Any, **kwargs: Any) -> None:
        super().signal_handler_interrupt(*args, **kwargs)  # type: ignore[no-untyped-call]
        for task in (self._keep_telling_workers, _keep_outputs_free):
            threading.Thread(target=task, daemon=True).start()

    def signal_handler_reload(self, *args: Any, **kwargs: Any) -> None:
        """Stop when the terminal is closed; there is nothing to reload."""
        self.signal_handler_interrupt(*args, **kwargs)

    def _keep_telling_workers(self) -> None:
        """Repeat what granian says once: a worker loses it before its loop runs."""
        while True:
            time.sleep(0.5)
            for worker in [*self.wrks]:
                worker.terminate()


def serve(
    port: int, *, identity: tls.Identity | None, when_serving: Callable[[], None]
) -> None:
    """Serve until SIGINT or SIGTERM; requests that have begun are finished.

    With an ``identity`` the server speaks https, and nothing else.
    """
    # A worker that is told to stop before it can be graceful stops at once.
    os.register_at_fork(after_in_child=_default_sigterm)
    server = Server(
        "project.wsgi:application",
        address=HOST,
        port=port,
        interface=Interfaces.WSGI,
        workers=min(os.cpu_count() or 1, MOST_WORKERS),
        respawn_failed_workers=True,
        blocking_threads=BENCH_THREADS if settings.TESTBENCH else THREADS,
        # On few cores it warns of the threads that a bench is meant to have.
        log_level=LogLevels.error if settings.TESTBENCH else LogLevels.warning,
        websockets=False,
        # An idle HTTP/2 connection, as browsers keep, would hold up the stop.
        http=HTTPModes.http1 if identity else HTTPModes.auto,
        ssl_cert=identity.certificate_file if identity else None,
        ssl_key=identity.key_file if identity else None,
        ssl_protocol_min=SSLProtocols.tls12,  # Windows PowerShell has no newer one
        workers_kill_timeout=DRAIN_TIMEOUT,
    )
    threading.Thread(
        target=_await_answer, args=(port, when_serving), daemon=True
    ).start()
    server.serve(target_loader=_application_in_worker)
    free_outputs()


def free_outputs(
    outputs: Iterable[int] = OUTPUTS, *, patience: float = READER_TIMEOUT
) -> None:
    """Give up an output whose reader reads no more: to write would take for ever.

    What is said while stopping must not keep this process from stopping.
    """
    for output in outputs:
        room = select.poll()
        room.register(output, select.POLLOUT)
        if not room.poll(patience * 1000):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, output)
            os.close(nowhere)


def _keep_outputs_free() -> None:
    """Granian says whom it kills, and would kill nobody until that is read."""
    while True:
        free_outputs()
        time.sleep(0.5)


def _await_answer(port: int, then: Callable[[], None]) -> None:
    while True:
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)) == 0:
                return then()
        time.sleep(0.05)


def _default_sigterm() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _application_in_worker(target: str) -> Any:
    parent = multiprocessing.parent_process()
    if parent:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()
    return application


def _end_with(sentinel: int) -> None:
    """Stop this worker when the main process is gone, even if it was killed."""
    wait([sentinel])
    os.kill(os.getpid(), signal.SIGTERM)
