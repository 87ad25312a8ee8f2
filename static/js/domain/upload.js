// What the upload page says. No browser needed.

const UNITS = ["bytes", "KB", "MB", "GB", "TB"];

/** 2,147,483,648 is "2 GB". */
export function fileSize(bytes) {
  let [size, unit] = [bytes, 0];
  while (size >= 999.5 && unit < UNITS.length - 1) [size, unit] = [size / 1024, unit + 1];
  return `${unit && size < 10 ? Number(size.toFixed(1)) : Math.round(size)} ${UNITS[unit]}`;
}

/** Why this file should not even be sent; empty where it may be. */
export function objection(file, limitBytes) {
  if (!file) return "Choose a file.";
  if (!/\.(zip|tar|tgz|tbz2|txz|tzst|gz|bz2|xz|zst)$/i.test(file.name))
    return "This is no archive that can be read. Pack the folder as .zip, .tar, .tar.gz or .tar.zst.";
  if (!file.size) return "This file is empty.";
  const [limit, size] = [limitBytes, file.size].map(fileSize);
  if (file.size > limitBytes)
    return `An archive may have up to ${limit}, this one has ${size}. Upload fewer or smaller images.`;
  return "";
}

/** "Sent 12 MB of 80 MB"; at the end the server still has to take it. */
export const sentNote = (sent, total) =>
  sent < total ? `Sent ${fileSize(sent)} of ${fileSize(total)}` : "Sent. The server is keeping it.";
