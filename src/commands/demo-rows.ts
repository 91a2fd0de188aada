/** The towns of the demo, in the order in which they federate. */
export const DEMO_TOWNS = ['north', 'south', 'west'] as const;
export type DemoTown = (typeof DEMO_TOWNS)[number];

/** What the first town begins with. */
export const DEMO_FIRST_ROWS: readonly string[] = [
  `CREATE TABLE issues (
    id VARCHAR(20) PRIMARY KEY,
    title VARCHAR(200) NOT NULL,
    status VARCHAR(20) NOT NULL DEFAULT 'open',
    assignee VARCHAR(40)
  )`,
  `INSERT INTO issues (id, title) VALUES
    ('well-1', 'Dig a well'),
    ('mill-1', 'Repair the mill'),
    ('road-1', 'Pave the road to the market')`,
];

/** What each town changes on its own: different rows, and different cells of one row, so that nothing conflicts. */
export const DEMO_EDITS: Readonly<Record<DemoTown, readonly string[]>> = {
  north: ["UPDATE issues SET status = 'closed' WHERE id = 'well-1'"],
  south: [
    "UPDATE issues SET assignee = 'sam' WHERE id = 'well-1'",
    "INSERT INTO issues (id, title) VALUES ('boat-1', 'Build a ferry')",
  ],
  west: ["UPDATE issues SET title = 'Repair the mill and its wheel' WHERE id = 'mill-1'"],
};
