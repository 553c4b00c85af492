import { closeSync, constants, fstatSync, lstatSync, mkdirSync, openSync } from 'node:fs'
import { readdirSync, readlinkSync, rmdirSync } from 'node:fs'

import { systemErrorCode } from '../system-error.ts'
import { look, removeIfThere, temporaryPattern } from './value-file.ts'

/** Of folders below a tree's own, as far as a dead process's are looked for. */
const maxDepth = 4

/**
 * A folder that is held open: names are looked up in it and not on the way to it, so that nobody can lead us somewhere else
 * by putting a link in its place. Linux's openat(), which Node does not have: /proc/self/fd/N/NAME is the same.
 */
export class HeldFolder {
  readonly #place: () => string
  #fd: number | undefined
  #ino = 0

  /** @param place - its path; the folder that it is in may be another one each time */
  constructor(place: () => string) {
    this.#place = place
  }

  get isOpen(): boolean {
    return this.#fd !== undefined
  }

  /** A path to the folder itself, wherever it is. */
  get path(): string {
    if (this.#fd === undefined) throw new Error('internal error: a folder of the control tree is not open')
    return `/proc/self/fd/${this.#fd}`
  }

  /** Whether what we hold is still what one finds in its place. */
  isInPlace(): boolean {
    const there = this.isOpen ? lstatSync(this.#place(), { throwIfNoEntry: false }) : undefined
    return there !== undefined && there.isDirectory() && there.ino === this.#ino
  }

  /**
   * Opens it, and makes it first where there is nothing.
   *
   * @throws a system error: EEXIST where something else is in its place
   */
  open(): void {
    const place = this.#place()
    const seen = look(place)
    if (seen === 'nothing') mkdirSync(place)
    const fd = openSync(place, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW)
    this.close()
    this.#fd = fd
    this.#ino = fstatSync(fd).ino
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd)
    this.#fd = undefined
  }

  /** Takes away the files that are ours, and what is left of them where a process died while it wrote. */
  removeFiles(isOurs: (name: string) => boolean): void {
    for (const name of readdirSync(this.path))
      if (isOurs(name) || isOurs(temporaryPattern.exec(name)?.[1] ?? '')) removeIfThere(`${this.path}/${name}`)
  }

  /** Closes it and takes it away, wherever it is, where nothing is in it. Returns whether it is gone. */
  removeFolder(): boolean {
    const path = readlinkSync(this.path)
    const isThere = lstatSync(path, { throwIfNoEntry: false })?.ino === this.#ino
    this.close()
    return !isThere || removeIfEmpty(path)
  }
}

/** Takes away what a dead process left of a tree in `folder`: files that are ours by name, folders that are empty then. */
export function removeStale(
  folder: string,
  names: readonly string[],
  isOurs: (name: string) => boolean,
  depth = maxDepth,
): void {
  for (const name of names) {
    const place = `${folder}/${name}`
    const seen = look(place)
    if (seen === 'nothing' || !('what' in seen) || seen.what !== 'a folder') continue
    const held = new HeldFolder(() => place)
    held.open()
    try {
      held.removeFiles(isOurs)
      if (depth > 0) removeStale(held.path, readdirSync(held.path), isOurs, depth - 1)
      held.removeFolder()
    } finally {
      held.close()
    }
  }
}

/** Whether it was empty and is gone. */
function removeIfEmpty(path: string): boolean {
  try {
    rmdirSync(path)
    return true
  } catch (error) {
    if (systemErrorCode(error) === 'ENOTEMPTY') return false
    throw error
  }
}
