// Pictures as pixels. Nothing leaves the browser.

const LARGEST_SIDE = 2048;

/** RGBA of a file that the reader chose or dropped, on white where it is transparent; throws where it is no image. */
export async function pixelsOf(file) {
  const bitmap = await createImageBitmap(file);
  const scale = Math.min(1, LARGEST_SIDE / Math.max(bitmap.width, bitmap.height));
  const [width, height] = [bitmap.width, bitmap.height].map((side) => Math.max(1, Math.round(side * scale)));
  const pixels = drawn(bitmap, { x: 0, y: 0, width: bitmap.width, height: bitmap.height }, width, height, "white");
  bitmap.close();
  return pixels;
}

/** RGBA of a part of a picture, in its own size. */
export const partOf = (picture, box) => drawn(picture, box, box.width, box.height);

function drawn(picture, { x, y, width, height }, toWidth, toHeight, ground = "transparent") {
  const canvas = new OffscreenCanvas(toWidth, toHeight);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.fillStyle = ground;
  context.fillRect(0, 0, toWidth, toHeight);
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
