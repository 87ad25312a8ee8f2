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
  if (!file) return "Choose a zip file.";
  if (!/\.zip$/i.test(file.name)) return "This is not a zip file. Pack a folder of class folders, each with its images, as zip.";
  if (!file.size) return "This file is empty.";
  if (file.size > limitBytes) return `A zip may have up to ${fileSize(limitBytes)}, this one has ${fileSize(file.size)}. Upload fewer or smaller images.`;
  return "";
}

/** "Sent 12 MB of 80 MB"; at the end the server still has to take it. */
export const sentNote = (sent, total) =>
  sent < total ? `Sent ${fileSize(sent)} of ${fileSize(total)}` : "Sent. The server is keeping it.";
