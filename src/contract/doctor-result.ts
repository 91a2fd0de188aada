import { z } from 'zod';

/** What `doctor` looks at, in the order of its report. */
export const CHECKS = [
  'sync-mode',
  'peers',
  'push',
  'dolt',
  'capabilities',
  'database',
  'branch',
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
  /** The peer that it is about; null: it concerns them all. */
  peer: z.string().nullable(),
  status: z.enum(['ok', 'missing', 'warning', 'unknown']),
  message: z.string(),
  cure: z.string().nullable(),
});
/** One thing that a run needs: there, missing with its cure, there but not as somebody may think, or not to be told. */
export type DoctorCheck = Readonly<z.infer<typeof doctorCheckSchema>>;

export const doctorResultSchema = z.strictObject({
  version: z.literal(1),
  command: z.literal('doctor'),
  /** `missing` where any check is. */
  status: z.enum(['ok', 'missing']),
  checks: z.array(doctorCheckSchema).readonly(),
});
/** The JSON of `doctor`. */
export type DoctorResult = Readonly<z.infer<typeof doctorResultSchema>>;
