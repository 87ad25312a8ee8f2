"""Under which names the uploaded files are kept."""

PROGRAM, WEIGHTS, CHECKPOINT = "program.pt2", "weights.safetensors", "checkpoint.zip"
