import { ensure, FlatTable, type Layout, Malformed } from './flat-table.ts';

const ADDRESS_BYTES = 20;

/** Requires addresses of chunks. @param count how many; null: any number */
function requireAddresses(addresses: Uint8Array | null, count: number | null): void {
  ensure(addresses !== null);
  ensure(count === null ? addresses.length % ADDRESS_BYTES === 0 : addresses.length === ADDRESS_BYTES * count);
}

/** Requires the numbers of rows below each of these children: differences of variable length. */
function requireCounts(bytes: Uint8Array | null, count: number): void {
  ensure(bytes !== null);
  let [ends, length] = [0, 0];
  for (const byte of bytes) {
    length += 1;
    ensure(length <= 10);
    if (byte >= 0x80) continue;
    ends += 1;
    length = 0;
  }
  ensure(ends === count && length === 0);
}

/** Requires items that follow each other. @returns how many */
function requireItems(items: Uint8Array | null, offsets: readonly number[] | null): number {
  ensure(items !== null && offsets !== null && offsets.length > 0);
  let last = 0;
  for (const offset of offsets) {
    ensure(offset >= last);
    last = offset;
  }
  ensure(last <= items.length);
  return offsets.length - 1;
}

/** The fields of the node of a tree of rows. */
interface NodeFields {
  readonly offsets: 'shorts' | 'words';
  readonly values: number | null;
  readonly addresses: number;
  readonly counts: number;
  readonly level: number;
  /** Places of addresses in the keys or the values. */
  readonly within?: { readonly items: number; readonly places: number };
}

function requireNode(node: FlatTable, { offsets, values, addresses, counts, level, within }: NodeFields): void {
  const keys = requireItems(node.bytes(0), node.numbers(1, offsets));
  const items = values === null ? null : node.bytes(values);
  if (items === null || values === null) requireAddresses(node.bytes(addresses), keys);
  else {
    ensure(requireItems(items, node.numbers(values + 1, offsets)) === keys);
    ensure(node.bytes(addresses) === null && node.number(level) === 0);
  }
  if (node.number(level) > 0) requireCounts(node.bytes(counts), keys);
  if (within === undefined) return;
  const length = node.bytes(within.items)?.length ?? 0;
  for (const place of node.numbers(within.places, 'shorts') ?? []) ensure(place + ADDRESS_BYTES <= length);
}

interface Format {
  readonly layout: Layout;
  readonly check?: (message: FlatTable) => void;
}

const CONFLICTS: Layout = ['bytes', 'bytes', 'bytes', 'bytes'];
const FULL_TEXT: Layout = ['bytes', 'bytes', 'bytes', 'bytes', 'bytes', 1, 'bytes', 'shorts'];
const INDEX: Layout = [
  ...(['bytes', 'bytes', 'shorts', 'shorts', 'shorts', 1, 1, 1, 'shorts', 1, 1] as const),
  { table: FULL_TEXT },
  1,
  { table: [1] },
  'bytes',
];
const COLUMN: Layout = ['bytes', 'bytes', 'bytes', 'bytes', 2, 8, 1, 1, 1, 1, 1, 1, 1, 'bytes', 1, 1, 1];
const CHECK: Layout = ['bytes', 'bytes', 1, 1];
const FOREIGN_KEY: Layout = [
  ...(['bytes', 'bytes', 'bytes', 'longs', 'bytes', 'bytes', 'longs', 1, 1] as const),
  ...(['texts', 'texts', 'texts', 'texts', 1, 1] as const),
];
const CLOSURE_KEY_BYTES = 28;

/** The messages by the name in them. */
const FORMATS: ReadonlyMap<string, Format> = new Map<string, Format>([
  [
    'DCMT',
    {
      layout: ['bytes', 8, 'bytes', 'bytes', 'bytes', 'bytes', 'bytes', 8, 8, 'bytes', 'bytes', 'bytes'],
      check: (commit) => {
        requireAddresses(commit.bytes(0), 1);
        requireAddresses(commit.bytes(2), null);
        requireAddresses(commit.bytes(3), 1);
      },
    },
  ],
  [
    'CMCL',
    {
      layout: ['bytes', 'bytes', 'bytes', 8, 1],
      check: (closure) => {
        const length = closure.bytes(0)?.length;
        ensure(length !== undefined && length % CLOSURE_KEY_BYTES === 0);
        if (closure.number(4) === 0) return ensure((closure.bytes(1)?.length ?? 0) % ADDRESS_BYTES === 0);
        requireAddresses(closure.bytes(1), length / CLOSURE_KEY_BYTES);
        requireCounts(closure.bytes(2), length / CLOSURE_KEY_BYTES);
      },
    },
  ],
  [
    'RTVL',
    {
      layout: [8, 'bytes', 'bytes', 2, { tables: ['bytes'] }],
      check: (root) => {
        requireMessage(root.bytes(1), ['ADRM']);
        requireAddresses(root.bytes(2), 1);
      },
    },
  ],
  [
    'DTBL',
    {
      layout: ['bytes', 'bytes', 'bytes', 8, { table: CONFLICTS }, 'bytes', 'bytes'],
      check: (table) => {
        const conflicts = table.table(4, CONFLICTS);
        ensure(conflicts !== null);
        for (const field of CONFLICTS.keys()) requireAddresses(conflicts.bytes(field), 1);
        for (const field of [0, 5, 6]) requireAddresses(table.bytes(field), 1);
        requireMessage(table.bytes(1), ['TUPM']);
        requireMessage(table.bytes(2), ['ADRM']);
      },
    },
  ],
  [
    'ADRM',
    {
      layout: ['bytes', 'shorts', 'bytes', 'bytes', 8, 1],
      check: (map) => requireNode(map, { offsets: 'shorts', values: null, addresses: 2, counts: 3, level: 5 }),
    },
  ],
  [
    'TUPM',
    {
      layout: ['bytes', 'shorts', 1, 'bytes', 'shorts', 1, 'shorts', 'bytes', 'bytes', 8, 1],
      check: (node) =>
        requireNode(node, {
          ...{ offsets: 'shorts', values: 3, addresses: 7, counts: 8, level: 10 },
          within: { items: 3, places: 6 },
        }),
    },
  ],
  [
    'ARTM',
    {
      layout: ['bytes', 'shorts', 'shorts', 'bytes', 'shorts', 'bytes', 'bytes', 8, 1],
      check: (node) =>
        requireNode(node, {
          ...{ offsets: 'shorts', values: 3, addresses: 5, counts: 6, level: 8 },
          within: { items: 0, places: 2 },
        }),
    },
  ],
  [
    'IVFF',
    {
      layout: ['bytes', 'words', 'bytes', 'words', 'bytes', 'bytes', 8, 1, 1, 1],
      check: (node) => requireNode(node, { offsets: 'words', values: 2, addresses: 4, counts: 5, level: 7 }),
    },
  ],
  [
    'BLOB',
    {
      layout: ['bytes', 'bytes', 'bytes', 8, 1],
      check: (blob) => {
        if (blob.number(4) === 0) return ensure(blob.bytes(0) !== null);
        const addresses = blob.bytes(1);
        requireAddresses(addresses, null);
        requireCounts(blob.bytes(2), (addresses?.length ?? 0) / ADDRESS_BYTES);
      },
    },
  ],
  [
    'DSCH',
    {
      layout: [{ tables: COLUMN }, { table: INDEX }, { tables: INDEX }, { tables: CHECK }, 2, 1, 'bytes', 2],
      check: (schema) => ensure(schema.table(1, []) !== null),
    },
  ],
  ['DFKC', { layout: [{ tables: FOREIGN_KEY }] }],
  ['TUPL', { layout: ['bytes'] }],
  [
    'DTAG',
    {
      layout: ['bytes', 'bytes', 'bytes', 'bytes', 8, 8],
      check: (tag) => requireAddresses(tag.bytes(0), 1),
    },
  ],
]);

/** Messages that no commit refers to, and those of programs other than Dolt; they are not decoded. */
const OTHERS = new Set(['STRT', 'WRST', 'STSH', 'SLST', 'STAT', 'BRCL', 'DGRV']);

/** Its kind and its length precede each message. */
const PREFIX_BYTES = 4;
const SERIAL_MESSAGE = 27;
/** The place of the first table, and the name. */
const HEADER_BYTES = 8;

/**
 * Whether a chunk is a message as Dolt 2.3.0 writes it (go/serial/*.fbs, go/store/prolly/message): all that Dolt reads to find the chunks
 * to which it refers, as `dolt gc` and `dolt fsck` do, is within it. Both panic otherwise, also if only an old commit has
 * the chunk. The values in rows are not decoded.
 */
export function isMessage(content: Uint8Array): boolean {
  try {
    requireMessage(content, null);
    return true;
  } catch (thrown) {
    if (thrown instanceof Malformed) return false;
    throw thrown;
  }
}

/** @param names the names that fit; null: all */
function requireMessage(content: Uint8Array | null, names: readonly string[] | null): void {
  ensure(content !== null && content.length >= PREFIX_BYTES + HEADER_BYTES);
  const view = new DataView(content.buffer, content.byteOffset, content.length);
  ensure(view.getUint32(0) === ((SERIAL_MESSAGE << 24) | (content.length - PREFIX_BYTES)));
  const message = new DataView(content.buffer, content.byteOffset + PREFIX_BYTES, content.length - PREFIX_BYTES);
  const name = String.fromCharCode(...content.subarray(PREFIX_BYTES + 4, PREFIX_BYTES + HEADER_BYTES));
  ensure(names === null || names.includes(name));
  const format = FORMATS.get(name);
  ensure(format !== undefined || OTHERS.has(name));
  if (format === undefined) return;
  const table = new FlatTable(message, message.getUint32(0, true), format.layout, { left: content.length });
  format.check?.(table);
}
