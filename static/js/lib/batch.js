// Gathers what has changed, and has it read: not more than once a second, and not for nobody.

const PAUSE_MS = 1_000;

export const MOST_IDS = 100; // with more of them changed, all is read anew

export class Batch {
  wanted = new Set();
  all = false;
  waits = false;

  /** @param read async (ids) reads these rows; null: all */
  constructor(read, parts = {}) {
    this.read = read;
    this.parts = {
      later: (action, delay) => setTimeout(action, delay),
      isHidden: () => document.hidden,
      ...parts,
    };
  }

  /** These have changed. */
  changed({ ids, all = false }) {
    for (const id of ids) this.wanted.add(id);
    this.all ||= all;
    this.look();
  }

  /** Somebody looks again, or something has changed. */
  look() {
    if (this.waits || this.parts.isHidden() || !(this.all || this.wanted.size)) return;
    this.waits = true;
    this.#readNow().finally(() =>
      this.parts.later(() => {
        this.waits = false;
        this.look();
      }, PAUSE_MS),
    );
  }

  async #readNow() {
    const [ids, all] = [[...this.wanted], this.all];
    this.wanted.clear();
    this.all = false;
    try {
      await this.read(all || ids.length > MOST_IDS ? null : ids);
    } catch {
      this.changed({ ids, all }); // the feed says what is wrong; this waits until it is right
    }
  }
}
