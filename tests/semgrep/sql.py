# What .semgrep/sql.yaml finds and what it lets pass; `semgrep --test` compares.


def extra(records, where):
    # ruleid: sql-extra
    records.extra(where=[where])
    # ruleid: sql-extra
    records.filter(pk=1).extra(select={"a": where})
    # ok: sql-extra
    records.filter(extra=where)


def raw(State, sql):
    # ruleid: sql-raw
    State.objects.raw(sql)
    # ruleid: sql-raw
    State.objects.raw("SELECT * FROM certstates WHERE id = %s", [1])
    # ruleid: sql-raw
    State.objects.annotate(a=RawSQL("1", ()))
    # ruleid: sql-raw
    State.objects.annotate(a=expressions.RawSQL(sql, ()))
    # ok: sql-raw
    State.objects.filter(raw=sql)


def built(cursor, name, SELECT):
    # ruleid: sql-built
    cursor.execute(f"SELECT {name}")
    # ruleid: sql-built
    cursor.execute("SELECT %s" % name)
    # ruleid: sql-built
    cursor.execute("SELECT " + name)
    # ruleid: sql-built
    cursor.execute("SELECT {}".format(name))
    # ruleid: sql-built
    cursor.execute(SELECT.format(name), [1])
    # ruleid: sql-built
    cursor.execute(name)
    # ruleid: sql-built
    cursor.executemany(name, [])
    # ruleid: sql-built
    cursor.copy(f"COPY {name} FROM STDIN")
    # ok: sql-built
    cursor.execute("SELECT %s", [name])
    # ok: sql-built
    cursor.execute(SELECT, [name])
    # ok: sql-built
    cursor.execute("SELECT 1")
    # ok: sql-built
    copy.copy(name)


def templates(name):
    # ruleid: sql-template
    Func(Value(1), template=name)
    # ruleid: sql-template
    Func(Value(1), function=f"UPPER{name}")
    # ruleid: sql-template
    models.Func(Value(1), template="(%s)" % name)
    # ok: sql-template
    Func(Value(name), template="(%(expressions)s)")
    # ok: sql-template
    render(name, template=name)
