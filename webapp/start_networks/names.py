"""Under which names the uploaded files are kept."""

PROGRAM, WEIGHTS = "program.pt2", "weights.safetensors"
CHECKPOINT, DESCRIPTION = "checkpoint.zip", "checkpoint.json"
