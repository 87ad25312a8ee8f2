// The trial table's filter: `accuracy > 0.93 and parameters < 2e6`, with `or` and brackets.

const FIELDS = {
  trial: "trial",
  number: "trial",
  accuracy: "accuracy",
  acc: "accuracy",
  balanced_accuracy: "balanced_accuracy",
  balanced: "balanced_accuracy",
  gain: "gain",
  parameters: "parameters",
  params: "parameters",
  multiply_adds: "multiply_adds",
  latency: "latency_1",
  latency_1: "latency_1",
  latency_64: "latency_64",
  memory: "memory",
  seconds: "seconds",
  reward: "reward",
  state: "state",
  worker: "worker",
  pinned: "pinned",
  notation: "notation",
  move: "move",
  parent: "parent",
  role: "role",
};
const COMPARE = {
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  "=": (a, b) => a === b,
  "==": (a, b) => a === b,
  "!=": (a, b) => a !== b,
  "~": (a, b) => String(a).includes(b),
};
const TOKEN =
  /\s*(?:(>=|<=|==|!=|[<>=~()])|([\d.]+(?:e[+-]?\d+)?\s*[%kKMG]?)|"([^"]*)"|([A-Za-z_][\w]*))/y;
const SCALE = { k: 1e3, K: 1e3, M: 1e6, G: 1e9 };

/** {filter} or {error}; an empty text gives the filter null: all pass. */
export function parseFilter(text) {
  if (!text.trim()) return { filter: null };
  try {
    const reader = { tokens: tokens(text), at: 0 };
    const filter = either(reader);
    if (reader.at < reader.tokens.length)
      throw new Error(`Did not expect ${reader.tokens[reader.at].text} here.`);
    return { filter };
  } catch (error) {
    return { error: error.message };
  }
}

export function matches(filter, trial) {
  if (!filter) return true;
  if (filter.all) return filter.all.every((part) => matches(part, trial));
  if (filter.any) return filter.any.some((part) => matches(part, trial));
  const value = trial[filter.field];
  return value != null && COMPARE[filter.sign](value, filter.value);
}

function tokens(text) {
  const found = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const from = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (!match) throw new Error(`Cannot read ${text.slice(from).trim()}.`);
    const [all, sign, number, quoted, word] = match;
    found.push({ text: all.trim(), sign, number, quoted, word });
  }
  return found;
}

const either = (reader) => joined(reader, "or", "any", both);
const both = (reader) => joined(reader, "and", "all", single);

function joined(reader, word, name, read) {
  const parts = [read(reader)];
  while (reader.tokens[reader.at]?.word?.toLowerCase() === word) {
    reader.at += 1;
    parts.push(read(reader));
  }
  return parts.length > 1 ? { [name]: parts } : parts[0];
}

function single(reader) {
  const token = reader.tokens[reader.at];
  if (token?.sign === "(") {
    reader.at += 1;
    const inside = either(reader);
    if (reader.tokens[reader.at]?.sign !== ")") throw new Error("A bracket is not closed.");
    reader.at += 1;
    return inside;
  }
  const [name, sign, value] = reader.tokens.slice(reader.at, reader.at + 3);
  const field = FIELDS[name?.word?.toLowerCase()];
  if (!field) throw new Error(`Expected one of ${[...new Set(Object.values(FIELDS))].join(", ")}.`);
  if (!COMPARE[sign?.sign]) throw new Error(`After ${name.word} expected >, >=, <, <=, = or !=.`);
  if (!value || value.sign) throw new Error(`After ${name.word} ${sign.sign} expected a value.`);
  reader.at += 3;
  return { field, sign: sign.sign, value: valueOf(value) };
}

function valueOf({ number, quoted, word }) {
  if (number === undefined) return { true: true, false: false }[word] ?? quoted ?? word;
  const unit = /[%kKMG]$/.exec(number)?.[0];
  const value = Number(unit ? number.slice(0, -1) : number);
  if (Number.isNaN(value)) throw new Error(`${number} is not a number.`);
  if (unit === "%") return value / 100; // 94 * 0.01 is not 0.94
  return unit ? value * SCALE[unit] : value;
}
