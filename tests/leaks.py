"""Watches the whole run: no token, secret or password in a log line or a statement.

Every secret that the run makes or meets is remembered, as it passes the functions that
make tokens and hash passwords. From then on no line of any logger may show it, as
production would write the line, and no statement may carry it to the database.
"""

import functools
import importlib
import logging
import re
from collections.abc import Mapping

from django.contrib.auth.hashers import MD5PasswordHasher
from django.db.backends.utils import CursorWrapper

from certstates import tokens
from certstates.logs import JsonLines

FORM = re.compile(r"certstates_(?:secret_)?[\w-]{43}", re.ASCII)
# What is shorter, or one letter again and again, may stand in any line by accident.
SHORTEST = 9
LOOKS_UP = 'SELECT "auth_user"'  # some people type a password as their name


class Leaks(logging.Handler):
    """Knows the secrets, reads the lines and the parameters, and remembers leaks."""

    def __init__(self):
        super().__init__()
        self.setFormatter(JsonLines())
        self.formed = set()  # thousands, that can be told by their form
        self.others = set()
        self.found = []

    def look_after(self, test):
        """Go on reading lines, and tell which test has put an end to it."""
        root = logging.getLogger()
        is_deaf = not logging.getLogger("any").isEnabledFor(logging.WARNING)
        if self not in root.handlers or is_deaf:
            self.found.append(f"no line that was read, after {test}")
            logging.disable(logging.NOTSET)
            root.setLevel(logging.WARNING)
            self.listen()

    def listen(self):
        logging.getLogger().addHandler(self)

    def learn(self, secret):
        if FORM.fullmatch(secret):
            self.formed.add(secret)
        elif len(secret) >= SHORTEST and len({*secret}) > 1:
            self.others.add(secret)

    def in_text(self, text):
        """Return whether a text holds a secret that is known."""
        return any(word in self.formed for word in FORM.findall(text)) or any(
            secret in text for secret in self.others
        )

    def emit(self, record):
        line = self.format(record)
        if self.in_text(line):
            self.found.append(f"a line of the logger {record.name}: {line}")

    def check_statement(self, sql, parameters):
        """Remember a secret on its way to be stored; looking for one is no storing."""
        if str(sql).startswith(LOOKS_UP):
            return
        values = (
            parameters.values() if isinstance(parameters, Mapping) else parameters or ()
        )
        for value in values:
            if isinstance(value, (str, bytes)) and self.in_text(str(value)):
                self.found.append(f"a parameter of: {sql}")


LEAKS = Leaks()


def watch():
    """Begin to watch; the caller asks ``LEAKS.found`` at the end."""
    make, encode, execute = (
        tokens.new_token, MD5PasswordHasher.encode, CursorWrapper._execute
    )  # fmt: skip

    def new_token():
        token = make()
        LEAKS.learn(token)
        return token

    @functools.wraps(encode)
    def learn_and_encode(self, password, salt):
        LEAKS.learn(str(password))
        return encode(self, password, salt)

    @functools.wraps(execute)
    def check_and_execute(self, sql, params, *ignored):
        LEAKS.check_statement(sql, params)
        return execute(self, sql, params, *ignored)

    tokens.new_token = new_token
    MD5PasswordHasher.encode = learn_and_encode
    CursorWrapper._execute = check_and_execute
    # It sets all of logging up, and so at its first import later would end the watch.
    importlib.import_module("project.wsgi")
    LEAKS.listen()
