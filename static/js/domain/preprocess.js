// What a network sees of an image: laid on its ground, made grey where it has one channel, brought to size, normalised.
// The same arithmetic as search_engine/pictures/pixels.py, to the last bit. No browser needed.

const BITS = 2 ** 22; // Pillow's fixed point
const GREY = [19595, 38470, 7471]; // of 2^16, ITU-R 601
export const USUAL = { fit: "stretch", ground: "#ffffff", levels: [0, 65535] };

/**
 * Pixels as a network of this size sees them.
 * @param {{data?: Uint8ClampedArray, wide?: Uint16Array, width: number, height: number}} image RGBA row by row,
 *   or grey levels of 16 bits
 * @param {[number, number, number]} shape channels (1 or 3), height and width of the network
 * @returns {Uint8Array} channels x height x width
 */
export function seen(image, [channels, height, width], { invert = false, rendering = USUAL } = {}) {
  const pixels = new Uint8Array(channels * height * width);
  const ground = [1, 3, 5].map((at) => parseInt(rendering.ground.slice(at, at + 2), 16));
  const colours = image.wide ? null : laidOn(image, ground);
  const narrow = image.wide ? narrowed(image.wide, rendering.levels) : null;
  for (let channel = 0; channel < channels; channel += 1) {
    const plane = narrow ?? (channels === 1 ? grey(colours) : colours[channel]);
    const fill = channels === 1 ? greyOf(ground) : ground[channel];
    const made = placed(plane, image, { height, width, fit: rendering.fit, fill });
    pixels.set(made, channel * height * width);
  }
  return invert ? pixels.map((value) => 255 - value) : pixels;
}

/**
 * Red, green and blue planes of RGBA on a colour.
 * @param {{data?: Uint8ClampedArray, width: number, height: number}} image
 * @param {number[]} ground
 */
function laidOn({ data, width, height }, ground) {
  return ground.map((behind, channel) => {
    const plane = new Uint8Array(width * height);
    for (let at = 0; at < plane.length; at += 1) {
      const opacity = data[4 * at + 3];
      const sum = data[4 * at + channel] * opacity + behind * (255 - opacity) + 128;
      plane[at] = ((sum >> 8) + sum) >> 8;
    }
    return plane;
  });
}

/** @type {(colour: number[]) => number} */
const greyOf = ([red, green, blue]) =>
  (red * GREY[0] + green * GREY[1] + blue * GREY[2] + 2 ** 15) >> 16;

/** @param {Uint8Array[]} planes */
function grey([red, green, blue]) {
  return red.map((value, at) => greyOf([value, green[at], blue[at]]));
}

/**
 * Grey levels of 16 bits on the scale 0 to 255, the nearest.
 * @param {Uint16Array} wide
 * @param {number[]} levels the lowest and the highest
 */
function narrowed(wide, [low, high]) {
  const scale = 255 / (high - low);
  return Uint8Array.from(wide, (level) =>
    Math.floor(Math.min(255, Math.max(0, (level - low) * scale)) + 0.5),
  );
}

/** A plane brought to the size: stretched, cropped in the middle, or padded. All boxes are whole pixels. */
function placed(plane, from, { height, width, fit, fill }) {
  if (fit === "crop") {
    const box = cropBox([from.height, from.width], [height, width]);
    return resized(cropped(plane, from.width, box), box.width, box.height, width, height);
  }
  if (fit !== "pad") return resized(plane, from.width, from.height, width, height);
  const [inHeight, inWidth] = padSize([from.height, from.width], [height, width]);
  const small = resized(plane, from.width, from.height, inWidth, inHeight);
  const made = new Uint8Array(width * height).fill(fill);
  const [top, left] = [(height - inHeight) >> 1, (width - inWidth) >> 1];
  for (let row = 0; row < inHeight; row += 1)
    made.set(small.subarray(row * inWidth, (row + 1) * inWidth), (top + row) * width + left);
  return made;
}

const whole = (value) => Math.max(1, Math.floor(value));

export function cropBox([height, width], [toHeight, toWidth]) {
  const [inHeight, inWidth] =
    width * toHeight > height * toWidth
      ? [height, whole((height * toWidth + (toHeight >> 1)) / toHeight)]
      : [whole((width * toHeight + (toWidth >> 1)) / toWidth), width];
  return {
    left: (width - inWidth) >> 1,
    top: (height - inHeight) >> 1,
    width: inWidth,
    height: inHeight,
  };
}

export function padSize([height, width], [toHeight, toWidth]) {
  return width * toHeight > height * toWidth
    ? [whole((height * toWidth + (width >> 1)) / width), toWidth]
    : [toHeight, whole((width * toHeight + (height >> 1)) / height)];
}

function cropped(plane, lineWidth, { left, top, width, height }) {
  const made = new Uint8Array(width * height);
  for (let row = 0; row < height; row += 1) {
    const start = (top + row) * lineWidth + left;
    made.set(plane.subarray(start, start + width), row * width);
  }
  return made;
}

/** Bilinear, over all pixels that a smaller one covers: first along rows, then along columns. */
export function resized(plane, width, height, toWidth, toHeight) {
  const rows = along(plane, { length: width, to: toWidth, lines: height, step: 1, line: width });
  return along(rows, {
    length: height,
    to: toHeight,
    lines: toWidth,
    step: toWidth,
    line: 1,
    outLine: 1,
    outStep: toWidth,
  });
}

function along(plane, { length, to, lines, step, line, outLine = to, outStep = 1 }) {
  if (length === to) return plane;
  const made = new Uint8Array(to * lines);
  weights(length, to).forEach(({ first, shares }, place) => {
    for (let at = 0; at < lines; at += 1) {
      let sum = BITS / 2;
      for (let k = 0; k < shares.length; k += 1)
        sum += shares[k] * plane[at * line + (first + k) * step];
      made[at * outLine + place * outStep] = Math.min(255, Math.max(0, Math.floor(sum / BITS)));
    }
  });
  return made;
}

/** Which pixels each new one is made of, and by how much, in fixed point. */
function weights(length, to) {
  const scale = length / to;
  const support = Math.max(scale, 1);
  const inverse = 1 / support; // as Pillow does: a division may differ in the last bit
  return Array.from({ length: to }, (_, place) => {
    const centre = (place + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - support + 0.5));
    const last = Math.min(length, Math.trunc(centre + support + 0.5));
    const raw = Array.from({ length: last - first }, (__, k) =>
      Math.max(0, 1 - Math.abs((k + first - centre + 0.5) * inverse)),
    );
    const total = raw.reduce((one, other) => one + other, 0);
    return { first, shares: raw.map((share) => Math.trunc((share / total) * BITS + 0.5)) };
  });
}

/** Pixels on the scale that the network learned from: float32, channels x height x width. */
export function normalised(pixels, mean, std) {
  const size = pixels.length / mean.length;
  return Float32Array.from(pixels, (value, at) => {
    const channel = Math.floor(at / size);
    return (value / 255 - mean[channel]) / std[channel];
  });
}

/** Pixels as RGBA, to show them. */
export function asRgba(pixels, [channels, height, width]) {
  const size = height * width;
  const shown = new Uint8ClampedArray(4 * size);
  for (let at = 0; at < size; at += 1) {
    for (let channel = 0; channel < 3; channel += 1) {
      shown[4 * at + channel] = pixels[(channels === 1 ? 0 : channel) * size + at];
    }
    shown[4 * at + 3] = 255;
  }
  return shown;
}

/** Probabilities of logits; they add up to 1. */
export function softmax(logits) {
  const largest = Math.max(...logits);
  const powers = Array.from(logits, (logit) => Math.exp(logit - largest));
  const total = powers.reduce((one, other) => one + other, 0);
  return powers.map((power) => power / total);
}

/** Classes with their probabilities, the likeliest first. */
export const ranked = (logits, names) =>
  softmax(logits)
    .map((share, index) => ({ name: names[index] ?? String(index), share }))
    .sort((one, other) => other.share - one.share);

/** As Python rounds. */
const halfToEven = (value) => (value % 1 === 0.5 ? 2 * Math.round(value / 2) : Math.round(value));

/** Where a data set's sample lies in the picture of its class: the server's grid, eight in a row. */
export function sampleBox([, height, width], place, largest = 64) {
  const scale = Math.min(1, largest / Math.max(height, width));
  const size = [Math.max(1, halfToEven(width * scale)), Math.max(1, halfToEven(height * scale))];
  const gap = Math.max(1, Math.floor(Math.max(...size) / 16));
  const [column, row] = [place % 8, Math.floor(place / 8)];
  return { x: column * (size[0] + gap), y: row * (size[1] + gap), width: size[0], height: size[1] };
}
