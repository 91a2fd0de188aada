import type { DoctorCheck } from '../../contract/doctor-result.ts';
import type { Diagnostic } from '../../core/diagnostic.ts';
import { Failure } from '../../core/failure.ts';
import { hintFor } from '../../core/text.ts';

interface Subject {
  readonly check: DoctorCheck['check'];
  /** Absent: it concerns all peers. */
  readonly peer?: string;
}

/** Nothing to do. */
export function fine(subject: Subject, message: string): DoctorCheck {
  return { check: subject.check, peer: subject.peer ?? null, status: 'ok', message, cure: null };
}

/** A run would fail; says how to fix it. */
export function missing(subject: Subject, message: string, cure: string): DoctorCheck {
  return { check: subject.check, peer: subject.peer ?? null, status: 'missing', message, cure };
}

/** A run continues, but not exactly as configured. */
export function warned(subject: Subject, { message, hint }: Diagnostic): DoctorCheck {
  return { check: subject.check, peer: subject.peer ?? null, status: 'warning', message, cure: hint ?? null };
}

/** Only the peer or the engine knows. */
export function undetermined(subject: Subject, message: string, cure: string | null = null): DoctorCheck {
  return { check: subject.check, peer: subject.peer ?? null, status: 'unknown', message, cure };
}

/**
 * Turns an error that a run would fail with into a check.
 * @throws every other error
 */
export function refused(subject: Subject, thrown: unknown): DoctorCheck {
  if (!(thrown instanceof Failure) || thrown.code === 'interrupted') throw thrown;
  return missing(subject, thrown.message, hintFor(subject.peer ?? null, thrown.hint));
}
