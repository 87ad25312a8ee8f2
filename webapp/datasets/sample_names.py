"""File names of sample pictures, for who draws them and who sends them. No torch."""

THUMBNAIL = "thumbnail.png"


def sample_name(class_index: int) -> str:
    """File name of a class's samples."""
    return f"class-{class_index}.png"
