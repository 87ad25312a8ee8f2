"""Where networks come from, and under which names their files are kept. No database here."""

from django.db.models import TextChoices

PROGRAM, ONNX, WEIGHTS = "program.pt2", "network.onnx", "weights.safetensors"
CHECKPOINT, DESCRIPTION = "checkpoint.zip", "checkpoint.json"


class Source(TextChoices):
    """Where a network comes from."""

    TORCHVISION = "torchvision", "torchvision"
    TIMM = "timm", "timm"
    PROGRAM = "program", "Exported program"
    ONNX = "onnx", "ONNX file"
    CHECKPOINT = "checkpoint", "Espalier checkpoint"


class Published(TextChoices):
    """Which published weights a network starts from, where it starts from any."""

    BEST = "DEFAULT", "Published, those that are recommended"
    V1 = "IMAGENET1K_V1", "Published: ImageNet, version 1"
    V2 = "IMAGENET1K_V2", "Published: ImageNet, version 2"
    SWAG = "IMAGENET1K_SWAG_E2E_V1", "Published: SWAG, trained whole"
    SWAG_LINEAR = "IMAGENET1K_SWAG_LINEAR_V1", "Published: SWAG, last layer trained"


class Normalised(TextChoices):
    """What images weights of the user's own want."""

    IMAGENET = "imagenet", "ImageNet's"
    HALF = "half", "From −1 to 1"
    NONE = "none", "From 0 to 1, as they are"
