import type { TypeCastField, TypeCastNext } from 'mysql2';
import { Failure } from '../../core/failure.ts';

/** Maximum bytes of the rows of one statement. */
export const MAX_RESULT_BYTES = 128 * 1024 * 1024;
/** Overhead of a value besides its text. */
const VALUE_OVERHEAD = 32;

/** The size of one statement's rows; rows after the limit are not kept. */
export class ResultSize {
  #bytes = 0;
  readonly #onExcess: () => void;

  /** @param onExcess called once; ends the statement */
  constructor(onExcess: () => void) {
    this.#onExcess = onExcess;
  }

  /** Reads a value, or skips it. */
  read(field: TypeCastField, next: TypeCastNext): unknown {
    if (this.isTooLarge) {
      // The reader must still skip the value in the packet; a view copies nothing.
      field.buffer();
      return null;
    }
    const value = asSent(field, next);
    this.#bytes += VALUE_OVERHEAD + sizeOf(value);
    if (this.isTooLarge) this.#onExcess();
    return value;
  }

  get isTooLarge(): boolean {
    return this.#bytes > MAX_RESULT_BYTES;
  }

  failure(): Failure {
    const limit = MAX_RESULT_BYTES / (1024 * 1024);
    return new Failure('too-large', `the rows that one statement reads need more than ${limit} MiB of memory`);
  }
}

function sizeOf(value: unknown): number {
  return typeof value === 'string' || Buffer.isBuffer(value) ? value.length : 0;
}

/** Values that the client would convert to numbers or objects stay the text or bytes that Dolt sent. */
function asSent(field: TypeCastField, next: TypeCastNext): unknown {
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
