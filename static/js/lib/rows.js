// The rows of a list's page: those that have changed are read, and all where that is not enough.

export class Rows {
  elsewhere = new Set(); // rows that the filter lets through, and other pages show

  /**
   * @param rows that the page shows
   * @param read async (ids) -> those of the rows that the list's filter lets through; null: the page
   * @param show (rows) draws the page
   */
  constructor({ rows, read, show }) {
    this.rows = rows;
    this.read = read;
    this.show = show;
  }

  /** Read these anew, or all of the page. */
  async refresh(ids) {
    if (ids && (await this.#readSome(ids))) return;
    this.rows = await this.read(null);
    this.show(this.rows);
    const here = new Set(this.rows.map(({ id }) => id));
    for (const id of ids ?? []) if (!here.has(id)) this.elsewhere.add(id);
  }

  /** False where rows have come or gone, so that the page is another. */
  async #readSome(ids) {
    const found = new Map((await this.read(ids)).map((row) => [row.id, row]));
    const here = new Set(this.rows.map(({ id }) => id));
    const gone = ids.some((id) => here.has(id) && !found.has(id));
    const come = [...found.keys()].some((id) => !here.has(id) && !this.elsewhere.has(id));
    if (gone || come) return false;
    this.rows = this.rows.map((row) => found.get(row.id) ?? row);
    this.show(this.rows);
    return true;
  }
}
