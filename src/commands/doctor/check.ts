import type { DoctorCheck } from '../../contract/doctor-result.ts';
import type { Diagnostic } from '../../core/diagnostic.ts';
import { Failure } from '../../core/failure.ts';

interface Subject {
  readonly check: DoctorCheck['check'];
  /** Absent: it concerns all peers. */
  readonly peer?: string;
}

/** Nothing is to be done. */
export function fine(subject: Subject, message: string): DoctorCheck {
  return { check: subject.check, peer: subject.peer ?? null, status: 'ok', message, cure: null };
}

/** A run would fail, and how that is cured. */
export function missing(subject: Subject, message: string, cure: string): DoctorCheck {
  return { check: subject.check, peer: subject.peer ?? null, status: 'missing', message, cure };
}

/** A run goes on, but not quite as it is written. */
export function warned(subject: Subject, { message, hint }: Diagnostic): DoctorCheck {
  return { check: subject.check, peer: subject.peer ?? null, status: 'warning', message, cure: hint ?? null };
}

/** Only the peer, or the engine, could tell. */
export function undetermined(subject: Subject, message: string, cure: string | null = null): DoctorCheck {
  return { check: subject.check, peer: subject.peer ?? null, status: 'unknown', message, cure };
}

/** What a run would be refused for, as a check. @throws everything that is no refusal */
export function refused(subject: Subject, thrown: unknown): DoctorCheck {
  if (!(thrown instanceof Failure) || thrown.code === 'interrupted') throw thrown;
  return missing(subject, thrown.message, thrown.hint);
}
