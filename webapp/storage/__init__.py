"""Files in Django's storage: on this machine's disk, or in a bucket of S3 for many hosts. No torch.

`bucket` is the bucket, `folders` what all files have done to them, `local` a place for them on this
machine while they are needed, `pins` what keeps such a place from going.
"""
