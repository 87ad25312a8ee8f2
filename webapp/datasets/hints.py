"""What to do about a refusal: the engine says what it expected, a page also what to do about it."""

HINTS = {
    "expected at least 2 classes": "Give each class a folder of its own, and pack them together.",
    "expected different class names": "Give each class a name of its own.",
    "is a class without images": "Add images to this folder, or take it out.",
    "expected images in class folders": "Pack a folder for each class, with its images in it.",
    "expected an image at": "Put each image into a folder that is named like its class.",
    "cannot be decoded as an image": "Take this file out, or save it anew as PNG or JPEG.",
    "expected 8 bits per channel": "Save it anew as PNG or JPEG with 8 bits per channel.",
    "to resize all images to": "Choose an image size, and prepare it again.",
    "pixels, got": "Scale this image down before you pack it.",
    "expected a path inside the archive": "Pack the folder anew: no name may lead out of it.",
    "got a link": "Pack the folder anew with real files in place of links.",
    "occurs twice": "Pack the folder anew: each file once.",
    "holds more than": "Upload fewer or smaller images.",
    "decode to more than": "Choose a smaller image size, or upload fewer images.",
    "expected a zip file": "Pack the folder anew: the upload may have been cut short.",
    "cannot be read": "Pack the folder anew, without a password.",
}


def with_hint(sentence: str) -> str:
    """The sentence, and what to do where that is known."""
    hint = next((hint for sign, hint in HINTS.items() if sign in sentence), "")
    return f"{sentence.rstrip('.')}. {hint}" if hint else sentence
