"""The application's own settings, with a `var` that is thrown away.

ESPALIER_DATABASE_URL and ESPALIER_REDIS_URL count where they are set: the same tests run on both.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

VAR_OF_THESE_TESTS = Path(tempfile.mkdtemp(prefix="espalier-tests-"))
atexit.register(shutil.rmtree, VAR_OF_THESE_TESTS, ignore_errors=True)
os.environ["ESPALIER_VAR"] = str(VAR_OF_THESE_TESTS)
os.environ["ESPALIER_DEBUG"] = "1"  # static files as they lie there; tests of the others collect
os.environ["ESPALIER_HTTPS"] = "0"
os.environ["ESPALIER_API_PER_MINUTE"] = "1000000"  # tests are hastier than users
os.environ.setdefault("ESPALIER_SECRET_KEY", "only-for-tests-" * 4)
os.environ.setdefault("ESPALIER_LOG_LEVEL", "WARNING")

from webapp.settings import *  # noqa: E402, F403
from webapp.settings import DATABASES  # noqa: E402

# A file, not memory: threads and processes meet in it as they do in production.
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["TEST"] = {"NAME": str(VAR_OF_THESE_TESTS / "test.sqlite3")}
else:
    DATABASES["default"]["OPTIONS"].pop("pool", None)  # its threads would hold the database open
# Hashing passwords slowly is the point elsewhere, and a minute of waiting here.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
