import assert from "node:assert/strict";
import { test } from "node:test";

import { isVeryLarge, serverKind } from "../../static/js/domain/picture_kinds.js";

const bytes = (text) => Uint8Array.from(text, (sign) => sign.charCodeAt(0));

test("pictures that browsers read otherwise than Python are told by their first bytes", () => {
  assert.equal(serverKind(bytes("\0\0\0\x18ftypheic\0\0\0\0")), "HEIC");
  assert.equal(serverKind(bytes("II*\0\x08\0\0\0")), "TIFF");
  assert.equal(serverKind(bytes("MM\0*\0\0\0\x08")), "TIFF");
  assert.equal(serverKind(bytes("\0\0\0\fjP  \r\n\x87\n")), "JPEG 2000");
  for (const other of ["\x89PNG\r\n\x1a\n", "\xff\xd8\xff\xe0", "\0\0\0\x1cftypavif", ""])
    assert.equal(serverKind(bytes(other)), "");
});

test("only JPEGs are too large for the browser", () => {
  const large = { width: 8192, height: 4097 };
  assert.ok(isVeryLarge(bytes("\xff\xd8\xff"), large));
  assert.ok(!isVeryLarge(bytes("\xff\xd8\xff"), { ...large, height: 4096 }));
  assert.ok(!isVeryLarge(bytes("\x89PNG"), large));
});
