"""How rows of a file become records: judged one by one, and written all at once.

``laws`` reads a row as the API's serializer would, ``staging`` copies what it found
into a temporary table, and ``course`` has PostgreSQL compare, lock and write by the
statements of ``statements``. ``certstates.importer`` is the way in.
"""
