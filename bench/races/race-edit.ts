import type { Database } from '../../src/dolt/sql/sql.ts';
import type { Racer } from './racers.ts';

/** The edit of one race: each database adds a row of its own, and all change the same cell of the same row. */
export function editOf(race: number): (database: Database, racer: Racer) => Promise<void> {
  return async (database, { name }) => {
    await database.run('INSERT INTO plain (area, name, note) VALUES (?, ?, ?)', [`${race}`, name, `race ${race}`]);
    await database.run("UPDATE dated SET title = ?, updated_at = UTC_TIMESTAMP() WHERE id = 'd0'", [`${name} ${race}`]);
    await database.run("CALL DOLT_COMMIT('-A', '-m', ?)", [`${name} in race ${race}`]);
  };
}
