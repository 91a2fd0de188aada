/** `npm run limits`: prints what a peer may take, as docs/limits.md has it. `npm run bench:limits` measures it. */
import { limitTable } from './generate/limit-table.ts';

console.log(limitTable());
