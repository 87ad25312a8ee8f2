import assert from "node:assert/strict";
import { test } from "node:test";
import { Rows } from "../../static/js/lib/rows.js";

/** A list of the rows 3, 2, 1 on its page; the server has row 0 on the next one, too. */
function world() {
  const here = { asked: [], shown: [] };
  here.page = [3, 2, 1].map((id) => ({ id, text: "old" }));
  here.stored = [...here.page, { id: 0, text: "old" }];
  here.rows = new Rows({
    rows: here.page,
    read: async (ids) => {
      here.asked.push(ids);
      return ids ? here.stored.filter(({ id }) => ids.includes(id)) : here.stored.slice(0, 3);
    },
    show: (rows) => here.shown.push(rows.map(({ id, text }) => `${id} ${text}`)),
  });
  here.change = async (...ids) => {
    here.stored = here.stored.map((row) => (ids.includes(row.id) ? { ...row, text: "new" } : row));
    await here.rows.refresh(ids);
  };
  return here;
}

test("only the rows that have changed are read", async () => {
  const here = world();
  await here.change(2);
  assert.deepEqual([here.asked, here.shown], [[[2]], [["3 old", "2 new", "1 old"]]]);
});

test("a row that has come makes the page another", async () => {
  const here = world();
  here.stored = [{ id: 4, text: "old" }, ...here.stored];
  await here.change(4);
  assert.deepEqual([here.asked, here.shown], [[[4], null], [["4 new", "3 old", "2 old"]]]);
});

test("so does one that has gone", async () => {
  const here = world();
  here.stored = here.stored.filter(({ id }) => id !== 2);
  await here.change(2);
  assert.deepEqual(here.shown, [["3 old", "1 old", "0 old"]]);
});

test("a row that stands on another page is looked for on this one once only", async () => {
  const here = world();
  await here.change(0);
  await here.change(0);
  assert.deepEqual(here.asked, [[0], null, [0]]);
});
