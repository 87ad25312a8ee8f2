"""A server that gives weights as their publishers' hosts do, of networks nobody has trained."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor
from torchvision import models

TIMM_MODEL = "resnet10t.c3_in1k"
"""The smallest ResNet that timm publishes."""


class _Host(SimpleHTTPRequestHandler):
    """Files of a folder; of safetensors it tells the digest before it sends on, as the hub does."""

    def do_HEAD(self) -> None:
        path = Path(self.translate_path(self.path))
        if path.suffix != ".safetensors" or not path.exists():
            super().do_HEAD()
            return
        self.send_response(302)
        self.send_header("X-Linked-ETag", f'"{sha256_of(path)}"')
        self.send_header("Location", "https://elsewhere.invalid/")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Tests say what went wrong."""


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """The address of a server that gives the files of a folder, while the `with` lasts."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Host, directory=folder)) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def sha256_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def publish_torchvision(model: str, folder: Path) -> Path:
    """Fresh weights for 1,000 classes as torchvision publishes them: their digest in their name."""
    torch.manual_seed(1)
    state = models.get_model(model, weights=None).state_dict()
    return _published(state, model, folder)


def _published(state: dict[str, Tensor], model: str, folder: Path) -> Path:
    new = folder / "new.pth"
    folder.mkdir(parents=True, exist_ok=True)
    torch.save(state, new)
    return new.rename(folder / f"{model}-{sha256_of(new)[:8]}.pth")


def publish_timm(model: str, folder: Path) -> dict[str, Tensor]:
    """Fresh weights as they lie on the hub; returns them."""
    import timm

    torch.manual_seed(2)
    made: Any = timm.create_model(model.partition(".")[0], pretrained=False)
    state = {name: tensor.contiguous() for name, tensor in made.state_dict().items()}
    place = folder / f"timm/{model}/resolve/main"
    place.mkdir(parents=True, exist_ok=True)
    save_file(state, place / "model.safetensors")
    return state
