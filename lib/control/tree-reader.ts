import { closeSync, constants, existsSync, fstatSync, openSync, readdirSync, realpathSync, writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

import { RingbackError } from '../errors.ts'
import { quote } from '../quote.ts'
import { describeSystemError, systemErrorCode } from '../system-error.ts'
import { ownerOf } from './claim.ts'
import type { Owner } from './claim.ts'
import { readText } from './read-text.ts'
import { look } from './value-file.ts'

/** How often somebody who waits looks, and how long he waits for an answer. */
const lookMs = 5
const answerMs = 5000
/** Folders in folders, as far as a tree is read. */
const maxDepth = 4

/** What `ringback control` does with a tree that another process serves. */
export class TreeReader {
  readonly #folder: string

  /** @throws {@link RingbackError} ERR_CONTROL where there is no tree in `folder` */
  constructor(folder: string) {
    this.#folder = existsSync(folder) ? realpathSync(folder) : folder
    const owner = this.owner
    if (!owner) {
      const why = !existsSync(folder) ? 'there is no such folder' : 'it is no control tree'
      throw new RingbackError('ERR_CONTROL', `${folder}: ${why}; name the one that ringback run --control prints`)
    }
  }

  /** The process that serves the tree; undefined: the tree is gone. */
  get owner(): Owner | undefined {
    return ownerOf(this.#folder)
  }

  /** @throws {@link RingbackError} ERR_STATE where nobody serves the tree */
  checkServed(): void {
    const { owner } = this
    if (owner?.isAlive) return
    const who = owner ? `process ${owner.pid} has ended without taking its tree away` : 'the run has ended'
    throw new RingbackError('ERR_STATE', `nobody serves ${this.#folder}: ${who}; start ringback run --control again`)
  }

  /**
   * The paths of the values at or below `path`, in order; hidden files are left out.
   *
   * @throws {@link RingbackError} ERR_CONTROL where nothing is there, or a path leads out of the tree
   */
  list(path: string): string[] {
    const found = this.find(path)
    if (found.length === 0) throw this.#nothingAt(path)
    return found
  }

  /** As list(), of a tree that may be going away: nothing where nothing is. */
  find(path: string): string[] {
    return this.#below(checkPath(path), maxDepth)
  }

  #below(path: string, depth: number): string[] {
    const place = this.#at(path)
    const seen = look(place)
    if (seen === 'nothing') return []
    if (!('what' in seen)) return [path]
    if (seen.what !== 'a folder' || depth === 0) return []
    const names = namesIn(place).filter((name) => !name.startsWith('.'))
    return names.sort().flatMap((name) => this.#below(path === '' ? name : `${path}/${name}`, depth - 1))
  }

  /** A value; undefined: there is none at the moment. */
  read(path: string): string | undefined {
    return readText(this.#at(path))
  }

  /**
   * Writes a value and waits until it has been answered.
   *
   * @returns what is in force then
   * @throws {@link RingbackError} ERR_CONTROL with the tree's answer where the value is refused, or where `path` cannot be
   * set; ERR_STATE where no answer comes
   */
  async set(path: string, value: string, signal: AbortSignal): Promise<string> {
    checkPath(path)
    if (/[\r\n\0]/.test(value))
      throw new RingbackError('ERR_CONTROL', `${quote(value)} is no value: it has several lines`)
    this.checkServed()
    const written = this.#write(path, value)
    await this.#answered(path, written, signal)
    const name = path.slice(path.lastIndexOf('/') + 1)
    const error = this.read(`${path.slice(0, -name.length)}error`) ?? ''
    if (error.startsWith(`${name}: `)) throw new RingbackError('ERR_CONTROL', `${path.slice(0, -name.length)}${error}`)
    return this.read(path) ?? ''
  }

  /** Returns the number of the file that was written. Once the tree has answered, another one is in its place. */
  #write(path: string, value: string): number {
    const seen = look(this.#at(path))
    if (seen === 'nothing') throw this.#nothingAt(path)
    if ('what' in seen)
      throw new RingbackError('ERR_CONTROL', `${path} is ${seen.what}; name a value, as in vif/web/rate`)
    if ((seen.mode & 0o222) === 0) throw new RingbackError('ERR_CONTROL', `${path} can only be read`)
    try {
      const fd = openSync(
        this.#at(path),
        constants.O_WRONLY | constants.O_TRUNC | constants.O_NOFOLLOW | constants.O_NONBLOCK,
      )
      try {
        // The space makes it differ from what a tree shows: the value in force, set again, is answered too.
        writeSync(fd, `${value} \n`)
        return fstatSync(fd).ino
      } finally {
        closeSync(fd)
      }
    } catch (error) {
      throw new RingbackError('ERR_CONTROL', `cannot write ${path}: ${describeSystemError(error)}`, { cause: error })
    }
  }

  async #answered(path: string, written: number, signal: AbortSignal): Promise<void> {
    for (let waitedMs = 0; waitedMs < answerMs; waitedMs += lookMs) {
      const seen = look(this.#at(path))
      if (seen !== 'nothing' && !('what' in seen) && seen.ino !== written) return
      await sleep(lookMs, undefined, { signal })
      this.checkServed()
    }
    throw new RingbackError('ERR_STATE', `no answer in ${answerMs / 1000}s: the run is stopped, or very slow`)
  }

  #at(path: string): string {
    return path === '' ? this.#folder : `${this.#folder}/${path}`
  }

  #nothingAt(path: string): RingbackError {
    return new RingbackError(
      'ERR_CONTROL',
      `there is no ${quote(path)} in ${this.#folder}; ringback control DIR get shows what there is`,
    )
  }
}

/** Without a slash at its end. */
function checkPath(path: string): string {
  const trimmed = path.replace(/\/+$/, '')
  const isInside = trimmed === '' ? path === '' : trimmed.split('/').every((step) => /^[^./\0][^/\0]*$/.test(step))
  if (!isInside)
    throw new RingbackError('ERR_CONTROL', `${quote(path)} is no path in the tree; write one as in vif/web/rate`)
  return trimmed
}

function namesIn(place: string): string[] {
  try {
    return readdirSync(place)
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return []
    throw error
  }
}
