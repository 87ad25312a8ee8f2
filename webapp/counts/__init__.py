"""What has been counted since Espalier began: each process writes its own, and they add up."""
