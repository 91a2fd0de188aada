import { Failure } from './failure.ts';

/** Every problem that a thrown Failure stands for: those in its `cause`, else itself. */
export function problemsOf(failure: Failure): readonly Failure[] {
  const { cause } = failure;
  const isList = Array.isArray(cause) && cause.length > 0 && cause.every((one) => one instanceof Failure);
  return isList ? cause : [failure];
}
