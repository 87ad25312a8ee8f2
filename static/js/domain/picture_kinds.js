// Kinds of pictures, told by their first bytes. No DOM needed.

/** More pixels than this Python decodes at a half, a quarter or an eighth, where they are a JPEG's. */
const DECODED_SMALL = 2 ** 25;
const HEIC_BRANDS = ["heic", "heix", "hevc", "heim", "heis", "hevx", "mif1", "msf1"];

const text = (bytes, from, to) => String.fromCharCode(...bytes.subarray(from, to));

/**
 * What a picture is where browsers cannot read it, or each in its own way: "HEIC", "TIFF", "JPEG 2000"; else "".
 * @param {Uint8Array} bytes of the file
 */
export function serverKind(bytes) {
  if (text(bytes, 4, 8) === "ftyp" && HEIC_BRANDS.includes(text(bytes, 8, 12))) return "HEIC";
  if (["II*\0", "MM\0*"].includes(text(bytes, 0, 4))) return "TIFF";
  const start = text(bytes, 0, 8);
  if (start === "\0\0\0\fjP  " || start.startsWith("\xff\x4f\xff\x51")) return "JPEG 2000";
  return "";
}

/** Whether a picture is a JPEG that Python decodes small. */
export const isVeryLarge = (bytes, { width, height }) =>
  bytes[0] === 0xff && bytes[1] === 0xd8 && width * height > DECODED_SMALL;
