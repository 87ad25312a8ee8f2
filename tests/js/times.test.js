import assert from "node:assert/strict";
import test from "node:test";

import { localTime } from "../../static/js/lib/times.js";

const INSTANT = "2026-11-24T23:30:00Z";

test("a time is shown in the reader's zone", () => {
  const there = localTime(INSTANT, { language: "en-GB", timeZone: "Asia/Tokyo" });
  assert.match(there, /25 Nov 2026.*08:30/);
});

test("a day is the reader's day", () => {
  const options = { dayOnly: true, language: "en-GB" };
  assert.equal(localTime(INSTANT, { ...options, timeZone: "UTC" }), "24 Nov 2026");
  assert.equal(localTime(INSTANT, { ...options, timeZone: "Europe/Berlin" }), "25 Nov 2026");
});
