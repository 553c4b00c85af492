import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

import type { ExecutionContext } from 'ava'

/**
 * A folder of programs in the place of the C++ benchmarks, gone with the test.
 *
 * @param scripts - JavaScript, by the names of the programs
 */
export function fakePrograms(t: ExecutionContext, scripts: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'ringback-programs-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  for (const [name, script] of Object.entries(scripts))
    writeFileSync(path.join(folder, name), `#!${process.execPath}\n${script}\n`, { mode: 0o755 })
  return folder
}

/** A program that prints a sample for every row, whatever it is asked. */
export const printing = (
  rows: readonly { peer: string; job: string; unit: string; at: number; value: number }[],
): string => `for (const row of ${JSON.stringify(rows)}) console.log(JSON.stringify({ peer: '', ...row, round: 0 }))`
