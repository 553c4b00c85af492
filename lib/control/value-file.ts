import { closeSync, constants, fstatSync, linkSync, lstatSync, openSync, readSync, renameSync } from 'node:fs'
import { rmdirSync, unlinkSync, writeFileSync } from 'node:fs'
import type { Stats } from 'node:fs'
import process from 'node:process'

import { systemErrorCode } from '../system-error.ts'

// Files of one short line in a folder where anybody may do anything: put a link, a pipe or a folder in a file's place,
// write gigabytes, take permissions away. Nothing here follows a link or waits.

/** The longest content that is read as a value. */
export const maxValueBytes = 256

/** What changes with a file's content. Times are those of the file system, in its steps of a few milliseconds. */
export interface Mark {
  ino: number
  size: number
  mtimeMs: number
  ctimeMs: number
  /** Who may write it: not content. */
  mode: number
}

export const sameMark = (a: Mark, b: Mark): boolean =>
  a.ino === b.ino && a.size === b.size && a.mtimeMs === b.mtimeMs && a.ctimeMs === b.ctimeMs

/** What is in a file's place: a file, nothing, or something else in words. */
export function look(path: string): Mark | 'nothing' | { what: string } {
  const stats = lstatSync(path, { throwIfNoEntry: false })
  if (!stats) return 'nothing'
  return stats.isFile() ? stats : { what: kindOf(stats) }
}

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return 'a folder'
  if (stats.isSymbolicLink()) return 'a link'
  if (stats.isFIFO()) return 'a pipe'
  return stats.isSocket() ? 'a socket' : 'a device'
}

/** Opens a file to be read, never through a link. A pipe or a device that slipped in does not keep us waiting. */
export function openValue(path: string): number {
  return openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY)
}

const buffer = Buffer.alloc(maxValueBytes + 1)

/** The content from the beginning; null: it is too long for a value, or no regular file. */
export function readValue(fd: number): string | null {
  if (!fstatSync(fd).isFile()) return null
  const length = readSync(fd, buffer, 0, buffer.length, 0)
  return length > maxValueBytes ? null : buffer.toString('utf8', 0, length)
}

/** Of the tree's own files that are not in their place yet. */
export const temporaryPattern = /^\.(.+)\.\d+\.\d\.tmp$/

/**
 * Puts `line` in the file's place, at once for whoever reads it. A link or a pipe that is there goes, and so does an
 * empty folder.
 *
 * @param isNew - whether to leave alone what is there
 * @returns the new file's mark; null: isNew, and something is there
 * @throws a system error, such as ENOTEMPTY for a folder with something in it
 */
export function putValue(folder: string, name: string, line: string, mode: number, isNew = false): Mark | null {
  const { fd, temporary } = create(`${folder}/.${name}.${process.pid}`, mode)
  const file = `${folder}/${name}`
  try {
    writeFileSync(fd, line)
    if (!isNew) place(temporary, file)
    else if (!link(temporary, file)) return null
    return fstatSync(fd)
  } catch (error) {
    removeIfThere(temporary)
    throw error
  } finally {
    closeSync(fd)
  }
}

/** A name may be taken: by a run with our number that died, or by somebody's joke. */
function create(stem: string, mode: number): { fd: number; temporary: string } {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW
  for (let i = 0; ; i++) {
    const temporary = `${stem}.${i}.tmp`
    try {
      return { fd: openSync(temporary, flags, mode), temporary }
    } catch (error) {
      if (systemErrorCode(error) !== 'EEXIST' || i === 9) throw error
    }
  }
}

function place(temporary: string, file: string): void {
  try {
    renameSync(temporary, file)
  } catch (error) {
    if (systemErrorCode(error) !== 'EISDIR') throw error
    rmdirSync(file)
    renameSync(temporary, file)
  }
}

/** Unlike rename, a hard link does not replace what is there. Returns whether nothing was. */
function link(temporary: string, file: string): boolean {
  try {
    linkSync(temporary, file)
  } catch (error) {
    const code = systemErrorCode(error) ?? ''
    // A file system without hard links: a writer who is very quick may lose a value here.
    if (['EPERM', 'ENOTSUP'].includes(code)) place(temporary, file)
    else if (code !== 'EEXIST') throw error
    else return false
  } finally {
    removeIfThere(temporary)
  }
  return true
}

/** Whether it was there and went; a folder stays. */
export function removeIfThere(path: string): boolean {
  try {
    unlinkSync(path)
    return true
  } catch (error) {
    if (['ENOENT', 'EISDIR', 'EPERM'].includes(systemErrorCode(error) ?? '')) return false
    throw error
  }
}
