// Rows of a list that keep their place: a row is made once, and then only its texts change.

/**
 * @param {HTMLElement} list
 * @param {(item: any) => any} make an item's row, with its `node`
 * @param {(row: any, item: any) => void} update
 * @param {(item: any) => any} key what tells items apart
 * @param {(item: any, other: any) => boolean} isBefore whether a new item's row goes before another
 * @returns {(items: any[]) => void}
 */
export function keptRows(list, make, update, key = ({ id }) => id, isBefore = isNewer) {
  const rows = new Map();
  return (items) => {
    for (const item of items) {
      let row = rows.get(key(item));
      if (!row) {
        rows.set(key(item), (row = make(item)));
        const after = items.find(
          (other) => isBefore(item, other) && rows.get(key(other))?.node.isConnected,
        );
        list.insertBefore(row.node, after ? rows.get(key(after)).node : null);
      }
      update(row, item);
    }
    const known = new Set(items.map(key));
    for (const [name, row] of rows) {
      if (known.has(name)) continue;
      row.node.remove();
      rows.delete(name);
    }
  };
}

const isNewer = (item, other) => other.id < item.id;
