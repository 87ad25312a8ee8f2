// Names of classes: in which order they are listed, which index each has, which are merged. No browser needed.

const NATURAL = new Intl.Collator("en", { numeric: true });

/** Indexes of classes in the order in which people look for their names: numbers as numbers. */
export const naturalOrder = (names) =>
  names.map((_, index) => index).sort((a, b) => NATURAL.compare(names[a], names[b]) || a - b);

/**
 * @param {{name: string, kept: boolean}[]} classes as they were found
 * @returns {{index: number | null, merged: boolean}[]} an index is a name's place among all names,
 *   sorted as text as Python sorts them; null for what is left out
 */
export function indexed(classes) {
  const names = classes.filter(({ kept }) => kept).map(({ name }) => name);
  const order = [...new Set(names)].sort(byCodePoint);
  const places = new Map(order.map((name, index) => [name, index]));
  return classes.map(({ name, kept }) => ({
    index: kept ? (places.get(name) ?? null) : null,
    merged: kept && names.filter((other) => other === name).length > 1,
  }));
}

function byCodePoint(one, other) {
  const [a, b] = [[...one], [...other]];
  const at = a.findIndex((letter, place) => letter !== b[place]);
  if (at < 0) return a.length - b.length;
  return at < b.length ? a[at].codePointAt(0) - b[at].codePointAt(0) : 1;
}
