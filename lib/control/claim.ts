import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import process from 'node:process'

import { RingbackError } from '../errors.ts'
import { quote } from '../quote.ts'
import { describeSystemError, systemErrorCode } from '../system-error.ts'
import { readText } from './read-text.ts'

// Whose folder it is: `pid` says it to people; `.owner` says when that process began, for numbers are used again, and
// whether the folder was made for the tree.

/** Whether a folder was made for the tree, and goes with it. */
export interface Claim {
  isMade: boolean
  /** A run that died left its tree here. */
  isTakenOver: boolean
}

/** The process that serves a tree. */
export interface Owner {
  pid: number
  isAlive: boolean
  isMade: boolean
}

/**
 * Looks whether a tree may be put in `folder`, and makes it where it is not there.
 *
 * @throws {@link RingbackError} ERR_CONTROL
 */
export function claimFolder(folder: string): Claim {
  try {
    mkdirSync(folder)
    return { isMade: true, isTakenOver: false }
  } catch (error) {
    if (systemErrorCode(error) !== 'EEXIST') throw cannotUse(folder, describeSystemError(error), error)
  }
  const names = namesIn(folder)
  if (names.length === 0) return { isMade: false, isTakenOver: false }
  const owner = ownerOf(folder)
  if (!owner) throw cannotUse(folder, `${quote(names[0] ?? '')} is in it, which is no control tree's`)
  if (owner.isAlive)
    throw new RingbackError('ERR_CONTROL', `process ${owner.pid} serves ${folder}; stop it, or name another folder`)
  return { isMade: owner.isMade, isTakenOver: true }
}

function namesIn(folder: string): string[] {
  try {
    if (!statSync(folder).isDirectory()) throw cannotUse(folder, 'it is a file')
    return readdirSync(folder)
  } catch (error) {
    if (error instanceof RingbackError) throw error
    throw cannotUse(folder, describeSystemError(error), error)
  }
}

function cannotUse(folder: string, why: string, cause?: unknown): RingbackError {
  return new RingbackError('ERR_CONTROL', `cannot use ${folder}: ${why}; name a new or an empty folder`, { cause })
}

let ownStart: string | undefined

/** The content of `.owner`. */
export function ownerText({ isMade }: Claim): string {
  ownStart ??= startOf(process.pid) ?? '0'
  return `${ownStart} ${isMade ? 'made' : 'found'}`
}

/** The process that serves the tree in `folder`, or did; undefined: there is no tree. */
export function ownerOf(folder: string): Owner | undefined {
  const pid = /^\d{1,10}$/.exec(readText(`${folder}/pid`) ?? '')?.[0]
  if (pid === undefined) return undefined
  const [start = '', made = ''] = (readText(`${folder}/.owner`) ?? '').split(' ')
  const now = startOf(Number(pid))
  return { pid: Number(pid), isAlive: now !== undefined && (start === '' || start === now), isMade: made === 'made' }
}

/** When a process began, in the system's ticks; undefined: it is not there. */
function startOf(pid: number): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The second field is the program's name, with anything in it: fields are counted from its end.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? undefined : fields[19]
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes(systemErrorCode(error) ?? '')) return undefined
    throw error
  }
}
