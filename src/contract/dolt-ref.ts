/** The git ref in which Dolt (2.3.0) keeps its data if none is named. */
export const DOLT_REF = 'refs/dolt/data';
