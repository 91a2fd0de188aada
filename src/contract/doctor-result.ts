import { z } from 'zod';

/** The checks of `doctor`, in the order of its report. */
export const CHECKS = [
  'sync-mode',
  'peers',
  'push',
  'dolt',
  'capabilities',
  'database',
  'branch',
  'identity',
  'lock',
  'memory',
  'git',
  'ssh',
  'endpoint',
  'proxy',
  'tier',
  'credentials',
  'known-hosts',
  'folder',
  'live',
  'inbox',
  'secrets',
  'runner',
] as const;

export const doctorCheckSchema = z.strictObject({
  check: z.enum(CHECKS),
  /** The peer that was checked; null: the check is about all of them. */
  peer: z.string().nullable(),
  status: z.enum(['ok', 'missing', 'warning', 'unknown']),
  message: z.string(),
  cure: z.string().nullable(),
});
/** One requirement of a run: met, missing with its cure, met but possibly not as expected, or unknown. */
export type DoctorCheck = Readonly<z.infer<typeof doctorCheckSchema>>;

export const doctorResultSchema = z.strictObject({
  version: z.literal(1),
  command: z.literal('doctor'),
  /** `missing` if any check is. */
  status: z.enum(['ok', 'missing']),
  checks: z.array(doctorCheckSchema).readonly(),
});
/** The JSON of `doctor`. */
export type DoctorResult = Readonly<z.infer<typeof doctorResultSchema>>;
