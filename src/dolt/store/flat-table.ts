/**
 * The fields of a table of FlatBuffers, in the order of its schema. Fields after them are of a newer schema, and are not
 * read.
 */
export type Layout = readonly Field[];
type Field =
  /** A number of so many bytes, which is part of the table. */
  | 1
  | 2
  | 4
  | 8
  /** A vector of numbers of 1, 2, 4 or 8 bytes; a text has bytes. */
  | Numbers
  | 'texts'
  | { readonly table: Layout }
  | { readonly tables: Layout };

const WIDTHS = { bytes: 1, shorts: 2, words: 4, longs: 8 } as const;
type Numbers = keyof typeof WIDTHS;

/** Data that is not in its format. */
export class Malformed extends Error {}

/** @throws Malformed */
export function ensure(condition: boolean): asserts condition {
  if (!condition) throw new Malformed();
}

/** A vector: the place of its first element, and how many it has. */
interface Vector {
  readonly at: number;
  readonly count: number;
}

/** How many tables and elements may still be read: entries can share their bytes, so that few have many in turn. */
interface Budget {
  left: number;
}

/**
 * A table of FlatBuffers whose fields, and those of the tables in it, are all within the message. The library for
 * JavaScript does not verify messages.
 */
export class FlatTable {
  readonly #view: DataView;
  readonly #at: number;
  readonly #slots: number;
  readonly #slotsEnd: number;

  constructor(view: DataView, at: number, layout: Layout, budget: Budget) {
    this.#view = view;
    this.#at = at;
    budget.left -= 1;
    ensure(budget.left >= 0 && at + 4 <= view.byteLength);
    this.#slots = at - view.getInt32(at, true);
    ensure(this.#slots >= 0 && this.#slots + 4 <= view.byteLength);
    this.#slotsEnd = this.#slots + view.getUint16(this.#slots, true);
    ensure(this.#slotsEnd <= view.byteLength);
    for (const [index, field] of layout.entries()) this.#check(field, index, budget);
  }

  #check(field: Field, index: number, budget: Budget): void {
    const at = this.#fieldAt(index);
    if (at === null) return;
    if (typeof field === 'number') ensure(at + field <= this.#view.byteLength);
    else if (field === 'texts') this.#eachOf(at, budget, (entry) => void this.#vectorAt(entry, 1));
    else if (typeof field === 'string') this.#vectorAt(at, WIDTHS[field]);
    else if ('table' in field) this.#tableAt(at, field.table, budget);
    else this.#eachOf(at, budget, (entry) => void this.#tableAt(entry, field.tables, budget));
  }

  #eachOf(at: number, budget: Budget, check: (entry: number) => void): void {
    const { at: first, count } = this.#vectorAt(at, 4);
    budget.left -= count;
    ensure(budget.left >= 0);
    for (let index = 0; index < count; index += 1) check(first + 4 * index);
  }

  /** The place of a field; null: it has its default. */
  #fieldAt(index: number): number | null {
    const slot = this.#slots + 4 + 2 * index;
    const offset = slot + 2 <= this.#slotsEnd ? this.#view.getUint16(slot, true) : 0;
    return offset === 0 ? null : this.#at + offset;
  }

  #target(at: number): number {
    ensure(at + 4 <= this.#view.byteLength);
    return at + this.#view.getUint32(at, true);
  }

  #tableAt(at: number, layout: Layout, budget: Budget): FlatTable {
    return new FlatTable(this.#view, this.#target(at), layout, budget);
  }

  #vectorAt(at: number, width: number): Vector {
    const target = this.#target(at);
    ensure(target + 4 <= this.#view.byteLength);
    const count = this.#view.getUint32(target, true);
    ensure(target + 4 + count * width <= this.#view.byteLength);
    return { at: target + 4, count };
  }

  /** The number in a field of one byte. */
  number(index: number): number {
    const at = this.#fieldAt(index);
    return at === null ? 0 : this.#view.getUint8(at);
  }

  /** The bytes of a field; null: the message has none. */
  bytes(index: number): Uint8Array | null {
    const at = this.#fieldAt(index);
    if (at === null) return null;
    const { at: first, count } = this.#vectorAt(at, 1);
    return new Uint8Array(this.#view.buffer, this.#view.byteOffset + first, count);
  }

  /** The numbers of a field; null: the message has none. */
  numbers(index: number, kind: 'shorts' | 'words'): readonly number[] | null {
    const at = this.#fieldAt(index);
    if (at === null) return null;
    const { at: first, count } = this.#vectorAt(at, WIDTHS[kind]);
    const one = (entry: number) =>
      kind === 'shorts' ? this.#view.getUint16(first + 2 * entry, true) : this.#view.getUint32(first + 4 * entry, true);
    return Array.from({ length: count }, (_, entry) => one(entry));
  }

  /** A table in a field. */
  table(index: number, layout: Layout): FlatTable | null {
    const at = this.#fieldAt(index);
    return at === null ? null : this.#tableAt(at, layout, { left: 1 });
  }
}
