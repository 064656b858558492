/** What our own reader, the one that surveys see with, makes of a picture. */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const program = process.env.ORCHESTRATOR ?? resolve(import.meta.dirname, '../../../target/debug/orchestrator');

/** The text of the code in a PNG; an error that says what the reader said when there is none. */
export function readCode(png) {
  const folder = mkdtempSync(join(tmpdir(), 'escort-code-'));
  try {
    const path = join(folder, 'screen.png');
    writeFileSync(path, png);
    const { stdout, error } = spawnSync(program, ['read', '--json', path], { encoding: 'utf8' });
    if (error) throw error;
    const { text } = JSON.parse(stdout);
    if (!text) throw new Error(`the shown code cannot be read: ${stdout}`);
    return text;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
