/** A fold that stopped, by hashes. */
export interface RefusedFold {
  readonly ours: string;
  /** The head that could not be merged. */
  readonly refused: string;
  /** The heads that had been merged before it, in order. */
  readonly merged: readonly string[];
  /** Those of `merged` that cannot be merged with ours alone either; only asked for when `refused` is ours. */
  readonly clashWithOurs: readonly string[];
}

/**
 * Which head gives way. Ours never does: where ours is the one that did not fit, the heads that clash with it go, and
 * where none clashes alone, the one merged last before ours.
 */
export function headsToDrop(fold: RefusedFold): string[] {
  if (fold.refused !== fold.ours) return [fold.refused];
  if (fold.clashWithOurs.length > 0) return [...fold.clashWithOurs];
  return fold.merged.slice(-1);
}
