import { readFile } from 'node:fs/promises'

import { describeSystemError } from '../system-error.ts'
import { UsageError } from './output.ts'

/**
 * The text of a file that somebody named.
 *
 * @param hint - what to name instead, where it cannot be read
 */
export async function readInput(file: string, hint: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new UsageError(`cannot read ${file}: ${describeSystemError(cause)}; ${hint}`, { cause })
  }
}
