/** A statement that dates the commits that follow in its session. @param time `YYYY-MM-DDTHH:MM:SS`, in UTC */
export function dateCommits(time: string): string {
  return `SET @@dolt_committer_date = '${time}Z', @@dolt_author_date = '${time}Z'`;
}
