"""How a generated file makes pixels of a picture: as `search_engine.pictures.pixels` does."""

from search_engine.spec.pictures import Fit, Rendering

_STRETCH = "    image = resized(image, height, width)\n"
_CROP = """    inner_height, inner_width = image.height, image.width
    if image.width * height > image.height * width:
        inner_width = max(1, (image.height * width + height // 2) // height)
    else:
        inner_height = max(1, (image.width * height + width // 2) // width)
    left, top = (image.width - inner_width) // 2, (image.height - inner_height) // 2
    image = image.crop((left, top, left + inner_width, top + inner_height))
    image = resized(image, height, width)
"""
_PAD = """    inner_height, inner_width = height, width
    if image.width * height > image.height * width:
        inner_height = max(1, (image.height * width + image.width // 2) // image.width)
    else:
        inner_width = max(1, (image.width * height + image.height // 2) // image.height)
    ground = Image.new("RGB", (width, height), GROUND).convert(image.mode)
    place = (width - inner_width) // 2, (height - inner_height) // 2
    ground.paste(resized(image, inner_height, inner_width), place)
    image = ground
"""
_FITS = {Fit.STRETCH: _STRETCH, Fit.CROP: _CROP, Fit.PAD: _PAD}


def constants(rendering: Rendering) -> str:
    """The constants that `function` needs."""
    return (
        f"GROUND = {rendering.colour}  # under transparency\n"
        f"LEVELS = {tuple(rendering.levels)}  # of pictures with 16 bits: black and white\n"
    )


def function(rendering: Rendering) -> str:
    """The functions `pixels` and `resized`, as text."""
    return f'''
def pixels(image):
    """A picture of any kind and size as `preprocess` takes it, uint8, (1, C, H, W).

    It is made as the training images were. This needs Pillow and numpy; image is one of Pillow's.
    """
    import numpy as np
    from PIL import Image, ImageOps

    channels, height, width = IMAGE_SHAPE
    image = ImageOps.exif_transpose(image)
    if image.mode[0] in "IF":
        low, high = LEVELS
        scaled = (np.asarray(image).astype(np.float64) - low) * (255 / (high - low))
        image = Image.fromarray(np.floor(scaled.clip(0, 255) + 0.5).astype(np.uint8))
    elif image.has_transparency_data:
        picture = image.convert("RGBA")
        image = Image.new("RGB", picture.size, GROUND)
        image.paste(picture, mask=picture.getchannel("A"))
    elif image.mode != "L":
        image = image.convert("L" if image.mode == "1" else "RGB")
    image = image.convert("L" if channels == 1 else "RGB")
{_FITS[rendering.fit]}    values = np.array(image).reshape(1, height, width, channels)
    return torch.from_numpy(values).permute(0, 3, 1, 2)


def resized(image, height: int, width: int):
    """A picture of Pillow's in another size: along rows first, then along columns."""
    bilinear = 2
    return image.resize((width, image.height), bilinear).resize((width, height), bilinear)

'''
