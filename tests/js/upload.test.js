import assert from "node:assert/strict";
import { test } from "node:test";

import { fileSize, objection, sentNote } from "../../static/js/domain/upload.js";

const GIB = 2 ** 30;

test("sizes of files have three digits at most, and a unit", () => {
  assert.equal(fileSize(0), "0 bytes");
  assert.equal(fileSize(999), "999 bytes");
  assert.equal(fileSize(1536), "1.5 KB");
  assert.equal(fileSize(80 * 2 ** 20), "80 MB");
  assert.equal(fileSize(2 * GIB), "2 GB");
  assert.equal(fileSize(1023 * 1024), "1 MB");
});

test("an archive within the limit may be sent", () => {
  assert.equal(objection({ name: "leaves.ZIP", size: GIB }, 2 * GIB), "");
});

test("what cannot be taken is not even sent", () => {
  assert.equal(objection(undefined, GIB), "Choose a file.");
  assert.match(objection({ name: "leaves.rar", size: 5 }, GIB), /no archive/);
  assert.match(objection({ name: "leaves.zip", size: 0 }, GIB), /empty/);
  assert.match(
    objection({ name: "leaves.zip", size: 3 * GIB }, 2 * GIB),
    /up to 2 GB, this one has 3 GB/,
  );
});

test("the note says how much has been sent, then that the server is at work", () => {
  assert.equal(sentNote(12 * 2 ** 20, 80 * 2 ** 20), "Sent 12 MB of 80 MB");
  assert.match(sentNote(5, 5), /server/);
});
