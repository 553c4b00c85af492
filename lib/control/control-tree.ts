import { realpathSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'

import { checkFunction, checkInteger, checkObject, checkText } from '../arguments.ts'
import { RingbackError } from '../errors.ts'
import { describeSystemError } from '../system-error.ts'
import { claimFolder, ownerText } from './claim.ts'
import type { Claim } from './claim.ts'
import { checkTarget } from './control-target.ts'
import type { ControlFolder, ControlTarget } from './control-target.ts'
import { HeldFolder, removeStale } from './held-folder.ts'
import { LateWriters } from './late-writers.ts'
import { isSystemError, ServedFolder } from './served-folder.ts'
import { putValue } from './value-file.ts'
import type { WritableFile } from './writable-file.ts'

export interface ControlTreeOptions {
  /** Its folder: a new one, an empty one, or one that a dead process left. */
  folder: string
  target: ControlTarget
  /** How often files that can only be read are brought up to date, milliseconds; 100 where it is left out. */
  refreshMs?: number
  /** The clock, in milliseconds since 1970 as files' times are; Date.now where it is left out. */
  now?: () => number
}

/** Of a large tree, files that a sync() looks at, answers and brings up to date at most: about a millisecond each. */
const maxPolls = 256
const maxAnswers = 16
const maxWrites = 32

/** A folder of values. */
interface Place {
  path: string
  served: ServedFolder
  /** The folders on the way to it, from the tree's own, and it. */
  way: readonly HeldFolder[]
}

/**
 * A folder with a file a value, which people and scripts read and write while a program runs: `cat DIR/vif/web/rate`,
 * `echo 50Mb/s > DIR/vif/web/rate`. docs/control.md says what a writer and a reader may rely on.
 *
 * Nothing that anybody does in the folder makes a method throw, wait, or follow a link out of it.
 *
 * @example
 * const tree = new ControlTree({ folder: '/dev/shm/web', target: simulationTarget(simulation) })
 * tree.start()
 * try {
 *   await simulation.run('60s', { realtime: true, onProgress: () => tree.sync() })
 * } finally {
 *   tree.close()
 * }
 */
export class ControlTree {
  readonly #refreshMs: number
  readonly #now: () => number
  readonly #late = new LateWriters()
  /** All folders by path, each after the one that it is in; the tree's own is ''. */
  readonly #held = new Map<string, HeldFolder>()
  readonly #root: HeldFolder
  readonly #places: readonly Place[]
  /** Of the files of all folders. */
  readonly #names: ReadonlySet<string>
  readonly #polls: readonly { served: ServedFolder; file: WritableFile }[]
  #folder: string
  #state: 'new' | 'open' | 'closed' = 'new'
  #claim: Claim = { isMade: false, isTakenOver: false }
  #nextPoll = 0
  /** The folder at which a refresh goes on; none is under way at the number of folders. */
  #nextRefresh = 0
  #refreshedMs = 0

  /** @throws {@link RingbackError} ERR_INVALID_ARGUMENT, ERR_OUT_OF_RANGE */
  constructor(options: ControlTreeOptions) {
    checkObject(options, 'options')
    const { folder, target, refreshMs = 100, now = Date.now } = options
    checkText(folder, 'options.folder')
    if (folder === '' || folder.includes('\0'))
      throw new RingbackError('ERR_OUT_OF_RANGE', 'options.folder must be the path of a folder')
    checkTarget(target)
    checkInteger(refreshMs, 'options.refreshMs', 1, 3_600_000)
    checkFunction(now, 'options.now')
    this.#folder = path.resolve(folder)
    this.#refreshMs = refreshMs
    this.#now = now
    this.#root = new HeldFolder(() => this.#folder)
    this.#held.set('', this.#root)
    this.#places = this.#withOwn(target).map((each) => this.#placeOf(each))
    this.#names = new Set(this.#places.flatMap(({ served }) => served.names))
    this.#polls = this.#places.flatMap(({ served }) => served.writable.map((file) => ({ served, file })))
  }

  /** The folder's absolute path. */
  get folder(): string {
    return this.#folder
  }

  /**
   * Takes the folder and puts all files there.
   *
   * @throws {@link RingbackError} ERR_CONTROL where the folder is not ours to take or cannot be written; ERR_STATE
   * where it was started before
   */
  start(): void {
    if (this.#state !== 'new') throw new RingbackError('ERR_STATE', 'a control tree is started once; make a new one')
    try {
      for (const each of this.#places) this.#show(each)
    } catch (error) {
      this.#removeAll()
      if (!isSystemError(error)) throw error
      const why = describeSystemError(error)
      throw new RingbackError('ERR_CONTROL', `cannot make the control tree ${this.#folder}: ${why}`, { cause: error })
    }
    this.#state = 'open'
    this.#nextRefresh = this.#places.length
    this.#refreshedMs = this.#now()
  }

  /**
   * Takes what was written, answers it, and brings the other files up to date when it is time. To be called every few
   * milliseconds. In a large tree it does a part each time, in turns.
   *
   * @throws {@link RingbackError} ERR_STATE before start(), ERR_CLOSED after close(); what the target throws that is no
   * RingbackError
   */
  sync(): void {
    this.#checkOpen()
    const nowMs = this.#now()
    this.#late.poll(nowMs)
    this.#poll(nowMs)
    this.#refresh(nowMs)
  }

  /**
   * Takes the tree away: its files, and the folder where the tree made it. More than once is fine.
   *
   * @returns what is left because it is not the tree's or cannot be removed: the folder, or nothing
   */
  close(): readonly string[] {
    if (this.#state !== 'open') {
      this.#state = 'closed'
      return []
    }
    this.#state = 'closed'
    return this.#removeAll()
  }

  /** The target's folders, with what the tree itself has to say in its own. */
  #withOwn({ folders }: ControlTarget): readonly ControlFolder[] {
    const own = [
      { name: '.owner', read: () => ownerText(this.#claim) },
      { name: 'pid', read: () => `${process.pid}` },
    ]
    const tops = folders.filter(({ path }) => path === '')
    const top = {
      path: '',
      values: [...own, ...tops.flatMap(({ values }) => values)],
      sample: () => tops.forEach((each) => each.sample?.()),
    }
    return [top, ...folders.filter(({ path }) => path !== '')]
  }

  #placeOf(folder: ControlFolder): Place {
    const steps = folder.path === '' ? [] : folder.path.split('/')
    const way = [this.#root, ...steps.map((_, i) => this.#hold(steps.slice(0, i + 1)))]
    const served = new ServedFolder(way.at(-1) ?? this.#root, this.#late, folder)
    return { path: folder.path, served, way }
  }

  #hold(steps: readonly string[]): HeldFolder {
    const key = steps.join('/')
    const parent = this.#held.get(steps.slice(0, -1).join('/')) ?? this.#root
    const held = this.#held.get(key) ?? new HeldFolder(() => `${parent.path}/${steps.at(-1)}`)
    this.#held.set(key, held)
    return held
  }

  #checkOpen(): void {
    if (this.#state === 'new') throw new RingbackError('ERR_STATE', 'the control tree is not there yet; call start()')
    if (this.#state === 'closed') throw new RingbackError('ERR_CLOSED', 'the control tree is closed')
  }

  #poll(nowMs: number): void {
    let answers = 0
    for (let polls = Math.min(maxPolls, this.#polls.length); polls > 0 && answers < maxAnswers; polls--) {
      const poll = this.#polls[this.#nextPoll]
      this.#nextPoll = (this.#nextPoll + 1) % this.#polls.length
      if (poll?.served.held.isOpen && poll.served.poll(poll.file, nowMs)) answers++
    }
  }

  #refresh(nowMs: number): void {
    const { length } = this.#places
    if (this.#nextRefresh === length) {
      const elapsedMs = nowMs - this.#refreshedMs
      if (elapsedMs >= 0 && elapsedMs < this.#refreshMs) return
      this.#refreshedMs = nowMs
      this.#nextRefresh = 0
    }
    for (let written = 0; written < maxWrites; this.#nextRefresh++) {
      const place = this.#places[this.#nextRefresh]
      if (!place) return
      written += this.#keep(place, nowMs)
    }
  }

  /** Puts a folder and its files there for the first time. */
  #show(place: Place): void {
    this.#open(place)
    place.served.refresh(this.#now())
    if (place.served.reported !== '')
      throw new RingbackError(
        'ERR_CONTROL',
        `cannot make ${path.join(this.#folder, place.path)}: ${place.served.reported}`,
      )
  }

  /** Brings a folder back to its place and its files up to date; returns how many were written. */
  #keep(place: Place, nowMs: number): number {
    try {
      this.#open(place)
    } catch (error) {
      if (!isSystemError(error) && !(error instanceof RingbackError)) throw error
      this.#places[0]?.served.report(`${place.path}: is no folder of the tree any more; remove what is there`)
      return 1 // as long as a file takes
    }
    return place.served.refresh(nowMs)
  }

  /** Opens the folders on the way that are not where they should be, and makes those that are gone. */
  #open({ served, way }: Place): void {
    for (const held of way) {
      if (held.isInPlace()) continue
      // Somebody moved it away: what is ours goes with us.
      if (held.isOpen) held.removeFiles((name) => this.#names.has(name))
      held.close()
      if (held === this.#root) this.#take()
      else held.open()
      if (held === served.held) served.forget()
    }
  }

  /** Claims and opens the tree's own folder. */
  #take(): void {
    const claim = claimFolder(this.#folder)
    this.#folder = realpathSync(this.#folder)
    this.#root.open()
    if (claim.isTakenOver) this.#removeStale()
    else if (putValue(this.#root.path, 'pid', `${process.pid}\n`, 0o444, true) === null) {
      this.#root.close()
      throw new RingbackError('ERR_CONTROL', `another process has just taken ${this.#folder}; name another folder`)
    }
    this.#claim = claim
  }

  #removeStale(): void {
    const tops = new Set(this.#places.flatMap(({ path }) => path.split('/').slice(0, 1)))
    tops.delete('')
    removeStale(this.#root.path, [...tops], (name) => this.#names.has(name))
  }

  #removeAll(): readonly string[] {
    this.#late.close()
    const isGone = [...this.#held].reverse().map(([key, held]) => this.#remove(key, held))
    return isGone.every(Boolean) ? [] : [this.#folder]
  }

  /** Whether nothing of it is left that the tree made. */
  #remove(key: string, held: HeldFolder): boolean {
    if (!held.isOpen) return true
    const names = this.#places.find(({ path }) => path === key)?.served.names ?? []
    try {
      held.removeFiles((name) => names.includes(name))
      const isKept = held === this.#root && !this.#claim.isMade
      return isKept || held.removeFolder()
    } catch (error) {
      if (!isSystemError(error)) throw error
      return false
    } finally {
      held.close()
    }
  }
}
