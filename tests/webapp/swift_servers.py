"""OpenStack Swift with its S3 API on one folder, until it is ended:

    /usr/bin/python3 -I swift_servers.py FOLDER ADDRESS PORT KEY SECRET PORT PORT PORT

Debian's python3-swift runs in Debian's own Python, which has nothing of ours. Its proxy listens
where it is told to, its servers of accounts, containers and objects on the three ports. The key is
of the form account:user.
"""

import ctypes
import os
import pwd
import signal
import sys
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG = 1
PARTS = ("account", "container", "object")
SERVER = """
[DEFAULT]
bind_ip = {address}
bind_port = {port}
workers = 0
user = {user}
swift_dir = {folder}
devices = {folder}/devices
mount_check = false
fallocate_reserve = 0
log_level = ERROR
[pipeline:main]
pipeline = {pipeline}
[app:{part}-server]
use = egg:swift#{part}
"""
# Without memcached the proxy asks the others each time.
PROXY = """
allow_account_management = true
account_autocreate = true
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:1
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
[filter:tempauth]
use = egg:swift#tempauth
user_{key} = {secret} .admin
[filter:bulk]
use = egg:swift#bulk
[filter:slo]
use = egg:swift#slo
"""
PIPELINE = "cache s3api tempauth bulk slo proxy-server"


def main(folder: Path, address: str, port: int, key: str, secret: str, inner: list[int]) -> None:
    """Make the rings, and fork a server for each part once what they share is imported."""
    from swift.common import utils, wsgi
    from swift.common.ring import RingBuilder

    (folder / "devices" / "one").mkdir(parents=True)
    (folder / "swift.conf").write_text("[swift-hash]\nswift_hash_path_suffix = tests\n")
    utils.SWIFT_CONF_FILE = str(folder / "swift.conf")
    for part, at in zip(PARTS, inner, strict=True):
        builder = RingBuilder(4, 1, 1)
        place = {"ip": "127.0.0.1", "port": at, "device": "one"}
        builder.add_dev({"region": 1, "zone": 1, "weight": 1.0, **place})
        builder.rebalance()
        builder.get_ring().save(str(folder / f"{part}.ring.gz"))
        _fork(wsgi, folder, part, "127.0.0.1", at, f"{part}-server")
    more = PROXY.format(key=key.replace(":", "_"), secret=secret)
    _fork(wsgi, folder, "proxy", address, port, PIPELINE, more)
    os.wait()


def _fork(
    wsgi: Any, folder: Path, part: str, address: str, port: int, pipeline: str, more: str = ""
) -> None:
    conf = folder / f"{part}.conf"
    values = {"address": address, "port": port, "folder": folder, "part": part}
    user = pwd.getpwuid(os.geteuid()).pw_name
    conf.write_text(SERVER.format(user=user, pipeline=pipeline, **values) + more)
    if not os.fork():
        # It makes a session of its own, and would outlive whoever started it.
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        sys.exit(wsgi.run_wsgi(str(conf), f"{part}-server"))


if __name__ == "__main__":
    place, host, at, user, password, *ports = sys.argv[1:]
    main(Path(place), host, int(at), user, password, [int(port) for port in ports])
