import assert from "node:assert/strict";
import test from "node:test";

import { cookieFor, following } from "../../static/js/lib/theme.js";

test("the button goes through all themes and comes back", () => {
  const seen = ["system"];
  while (seen.length < 4) seen.push(following(seen.at(-1)));
  assert.deepEqual(seen, ["system", "light", "dark", "system"]);
});

test("a choice is kept for a year, and forgotten for the system's", () => {
  assert.equal(cookieFor("dark"), "theme=dark; path=/; max-age=31536000; samesite=lax");
  assert.equal(cookieFor("system"), "theme=system; path=/; max-age=0; samesite=lax");
});
