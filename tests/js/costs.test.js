import assert from "node:assert/strict";
import { test } from "node:test";
import { COSTS } from "../../static/js/domain/costs.js";

test("seconds are shown in milliseconds, bytes with their unit", () => {
  assert.equal(COSTS.latency_1.text(0.00123), "1.23 ms for one image");
  assert.match(COSTS.memory.text(1_500_000), /^1\.5\sMB of memory$/);
  assert.match(COSTS.parameters.text(21_700), /^21\.7\sK parameters$/);
});
