// PNG of 16 bits: a browser gives 8 of them, and a network may have learned from all. No DOM needed.

const SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10];

/** Whether a file is a PNG whose grey levels have 16 bits, without opacity and interlacing. */
export const isWide = (bytes) =>
  SIGNATURE.every((value, at) => bytes[at] === value) &&
  bytes[24] === 16 &&
  bytes[25] === 0 &&
  bytes[28] === 0;

/** Its grey levels, row by row; throws where it is damaged. */
export async function wideLevels(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  const packed = [];
  for (let at = 8; at + 12 <= bytes.length; at += 12 + view.getUint32(at)) {
    const kind = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (kind === "IDAT") packed.push(bytes.subarray(at + 8, at + 8 + view.getUint32(at)));
  }
  const stream = new Blob(packed).stream().pipeThrough(new DecompressionStream("deflate"));
  const lines = new Uint8Array(await new Response(stream).arrayBuffer());
  if (lines.length < height * (2 * width + 1)) throw new Error("the PNG is cut short");
  return { wide: unfiltered(lines, width, height), width, height };
}

/** PNG's filters undone: each byte was written as its difference from what is left of it and above. */
function unfiltered(lines, width, height) {
  const length = 2 * width;
  const wide = new Uint16Array(width * height);
  let above = new Uint8Array(length);
  for (let row = 0; row < height; row += 1) {
    const start = row * (length + 1);
    const line = new Uint8Array(length);
    for (let at = 0; at < length; at += 1) {
      const [left, corner] = at < 2 ? [0, 0] : [line[at - 2], above[at - 2]];
      line[at] = lines[start + 1 + at] + guess(lines[start], left, above[at], corner);
    }
    for (let at = 0; at < width; at += 1)
      wide[row * width + at] = (line[2 * at] << 8) | line[2 * at + 1];
    above = line;
  }
  return wide;
}

function guess(filter, left, up, corner) {
  if (filter === 1) return left;
  if (filter === 2) return up;
  if (filter === 3) return (left + up) >> 1;
  if (filter !== 4) return 0;
  const sum = left + up - corner;
  const [toLeft, toUp, toCorner] = [left, up, corner].map((value) => Math.abs(sum - value));
  if (toLeft <= toUp && toLeft <= toCorner) return left;
  return toUp <= toCorner ? up : corner;
}
