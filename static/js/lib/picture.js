// Pictures as pixels. Nothing leaves the browser.
import { isVeryLarge, serverKind } from "../domain/picture_kinds.js";
import { isWide, wideLevels } from "../domain/png.js";

/** Why a picture's pixels must come from the server: this browser has none of it, or others than Python. */
export class NotReadHere extends Error {}

/** As the file has them. @type {ImageBitmapOptions} */
const EXACT = {
  premultiplyAlpha: "none",
  colorSpaceConversion: "none",
  imageOrientation: "from-image",
};
/**
 * Pixels of a file that the reader chose or dropped, upright, its first frame; throws `NotReadHere`.
 * @returns {Promise<{data?: Uint8ClampedArray, wide?: Uint16Array, width: number, height: number}>} RGBA, or grey
 *   levels of 16 bits
 */
export async function pixelsOf(file) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  if (isWide(bytes)) return wideLevels(bytes);
  const kind = serverKind(bytes);
  if (kind) throw new NotReadHere(`Browsers do not read ${kind} as Python does.`);
  const bitmap = await createImageBitmap(file, EXACT).catch(() => {
    throw new NotReadHere("This is not an image that the browser can read.");
  });
  const { width, height } = bitmap;
  if (isVeryLarge(bytes, bitmap)) {
    bitmap.close();
    throw new NotReadHere("Browsers do not see so large a JPEG as Python does.");
  }
  const flat = drawn(bitmap, { x: 0, y: 0, width, height }, width, height);
  const pixels = isOpaque(flat) ? flat : (exact(bitmap) ?? flat);
  bitmap.close();
  return pixels;
}

const isOpaque = ({ data }) => {
  for (let at = 3; at < data.length; at += 4) if (data[at] < 255) return false;
  return true;
};

/** A canvas multiplies colours by their opacity, and rounds; a texture does not. Null where there is none so large. */
function exact(bitmap) {
  const gl = new OffscreenCanvas(1, 1).getContext("webgl2");
  const { width, height } = bitmap;
  if (!gl || Math.max(width, height) > gl.getParameter(gl.MAX_TEXTURE_SIZE)) return null;
  gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
  gl.pixelStorei(gl.UNPACK_COLORSPACE_CONVERSION_WEBGL, gl.NONE);
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, bitmap);
  const texture = gl.getParameter(gl.TEXTURE_BINDING_2D);
  gl.bindFramebuffer(gl.FRAMEBUFFER, gl.createFramebuffer());
  gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0);
  const data = new Uint8ClampedArray(width * height * 4);
  gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(data.buffer));
  gl.getExtension("WEBGL_lose_context")?.loseContext();
  return { data, width, height };
}

/** RGBA of a part of a picture, in its own size. */
export const partOf = (picture, box) => drawn(picture, box, box.width, box.height);

function drawn(picture, { x, y, width, height }, toWidth, toHeight) {
  const canvas = new OffscreenCanvas(toWidth, toHeight);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(picture, x, y, width, height, 0, 0, toWidth, toHeight);
  return context.getImageData(0, 0, toWidth, toHeight);
}

/** Draw RGBA on a canvas that has its size. */
export function show(canvas, data, width, height) {
  Object.assign(canvas, { width, height });
  canvas.getContext("2d").putImageData(new ImageData(data, width, height), 0, 0);
}

/** A picture of the server's, loaded. */
export function loadPicture(url) {
  const picture = new Image();
  picture.src = url;
  return picture.decode().then(() => picture);
}
