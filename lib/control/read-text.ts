import { closeSync } from 'node:fs'

import { systemErrorCode } from '../system-error.ts'
import { openValue, readValue } from './value-file.ts'

/** What is no file of a value's size, or is gone. */
const none = ['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO', 'EISDIR', 'ENODEV']

/**
 * A value as its file shows it, without its end; undefined: there is no such file.
 *
 * @throws a system error, such as EACCES
 */
export function readText(path: string): string | undefined {
  let fd: number
  try {
    fd = openValue(path)
  } catch (error) {
    if (none.includes(systemErrorCode(error) ?? '')) return undefined
    throw error
  }
  try {
    return readValue(fd)?.trimEnd()
  } finally {
    closeSync(fd)
  }
}
