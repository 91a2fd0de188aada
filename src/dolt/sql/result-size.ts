import type { TypeCastField, TypeCastNext } from 'mysql2';
import { Failure } from '../../core/failure.ts';

/** Bytes that the rows of one statement may take here. */
export const MAX_RESULT_BYTES = 128 * 1024 * 1024;
/** What a value costs besides its text. */
const VALUE_OVERHEAD = 32;

/** What one statement's rows take; what comes after there was too much is not kept. */
export class ResultSize {
  #bytes = 0;
  readonly #onExcess: () => void;

  /** @param onExcess called once; to end the statement */
  constructor(onExcess: () => void) {
    this.#onExcess = onExcess;
  }

  /** Reads a value, or passes over it. */
  read(field: TypeCastField, next: TypeCastNext): unknown {
    if (this.isTooLarge) {
      // Its place in the packet has to be passed all the same; a view of the packet copies nothing.
      field.buffer();
      return null;
    }
    const value = asDoltSaysIt(field, next);
    this.#bytes += VALUE_OVERHEAD + sizeOf(value);
    if (this.isTooLarge) this.#onExcess();
    return value;
  }

  get isTooLarge(): boolean {
    return this.#bytes > MAX_RESULT_BYTES;
  }

  failure(): Failure {
    const limit = MAX_RESULT_BYTES / (1024 * 1024);
    return new Failure('too-large', `the rows that one statement reads take more than ${limit} MiB`);
  }
}

function sizeOf(value: unknown): number {
  return typeof value === 'string' || Buffer.isBuffer(value) ? value.length : 0;
}

/** What the client would turn into numbers or objects of its own comes as the text or the bytes that Dolt sent. */
function asDoltSaysIt(field: TypeCastField, next: TypeCastNext): unknown {
  switch (field.type) {
    case 'FLOAT':
    case 'DOUBLE':
      return field.string();
    case 'GEOMETRY':
    case 'BIT':
      return field.buffer();
  }
  return next();
}
