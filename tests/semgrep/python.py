# What .semgrep/python.yaml finds and what it lets pass; `semgrep --test` compares.
# ruleid: python-import-runs-data
import pickle

# ruleid: python-import-runs-data
from pickle import loads

# ok: python-import-runs-data
import json


def runs(text):
    # ruleid: python-runs-data
    pickle.loads(text)
    # ruleid: python-runs-data
    yaml.load(text)
    # ruleid: python-runs-data
    yaml.unsafe_load(text)
    # ruleid: python-runs-data
    yaml.load(text, Loader=yaml.Loader)
    # ruleid: python-runs-data
    eval(text)
    # ruleid: python-runs-data
    exec(text)
    # ruleid: python-runs-data
    subprocess.run(f"ls {text}", shell=True)
    # ruleid: python-runs-data
    os.system(text)
    # ok: python-runs-data
    yaml.safe_load(text)
    # ok: python-runs-data
    yaml.load(text, Loader=yaml.SafeLoader)
    # ok: python-runs-data
    json.loads(text)
    # ok: python-runs-data
    subprocess.run(["ls", text])


def silent(go):
    # ruleid: python-silent
    try:
        go()
    except Exception:
        pass
    # ruleid: python-silent
    try:
        go()
    except Exception as error:
        pass
    # ruleid: python-silent
    try:
        go()
    except:
        go()
    # ruleid: python-silent
    with contextlib.suppress(Exception):
        go()
    # ok: python-silent
    try:
        go()
    except ValueError:
        pass
    # ok: python-silent
    try:
        go()
    except Exception:
        go(1)
        raise
    # ok: python-silent
    with contextlib.suppress(ValueError):
        go()


def silent_answer(go):
    # ruleid: python-silent
    try:
        go()
    except Exception:
        return None
