import { RingbackError } from '../errors.ts'
import { describeSystemError } from '../system-error.ts'
import type { ControlFolder, ControlValue } from './control-target.ts'
import type { HeldFolder } from './held-folder.ts'
import type { LateWriters } from './late-writers.ts'
import type { FolderContext, ServedFile } from './served-files.ts'
import { ShownFile } from './shown-file.ts'
import { WritableFile } from './writable-file.ts'

const isSettable = (value: ControlValue): value is Required<ControlValue> => value.write !== undefined

/** The system said no; anything else is a defect, and is not for the folder's `error`. */
export function isSystemError(error: unknown): error is Error {
  return error instanceof Error && !(error instanceof RingbackError) && 'syscall' in error
}

/** A folder of values and its `error`, which says what is wrong with the last value that was written. */
export class ServedFolder implements FolderContext {
  readonly held: HeldFolder
  readonly late: LateWriters
  readonly writable: readonly WritableFile[]
  readonly #sample: () => void
  readonly #files: readonly ServedFile[]
  readonly #error: ShownFile
  /** Of the last value that was written. */
  #problem = ''
  /** What the system refused in the last round of refresh(), and what it has refused in this one. */
  #trouble = ''
  #newTrouble = ''

  constructor(held: HeldFolder, late: LateWriters, folder: ControlFolder) {
    this.held = held
    this.late = late
    this.#sample = () => folder.sample?.()
    this.#error = new ShownFile(this, 'error', () => this.#problem || this.#trouble, true)
    this.writable = folder.values.filter(isSettable).map((value) => new WritableFile(this, value))
    const shown = folder.values.filter((value) => !isSettable(value))
    this.#files = [...this.writable, ...shown.map((value) => new ShownFile(this, value.name, () => value.read()))]
  }

  get names(): readonly string[] {
    return [...this.#files, this.#error].map(({ name }) => name)
  }

  answer(name: string, problem: string): void {
    // A message is one line, whatever it quotes.
    this.#problem = problem === '' ? '' : `${name}: ${problem.replace(/\s+/g, ' ')}`
    this.attempt('error', () => this.#error.refresh())
  }

  /** Looks at one file that may have been written; returns whether it had to be dealt with. */
  poll(file: WritableFile, nowMs: number): boolean {
    return this.attempt(file.name, () => file.poll(nowMs))
  }

  /** Brings all files up to date; returns how many had to be written. */
  refresh(nowMs: number): number {
    this.#sample()
    this.#trouble = this.#newTrouble
    this.#newTrouble = ''
    let written = 0
    for (const file of [...this.#files, this.#error]) if (this.attempt(file.name, () => file.refresh(nowMs))) written++
    return written
  }

  /** The folder was made anew. */
  forget(): void {
    for (const file of [...this.#files, this.#error]) file.forget()
  }

  /**
   * What the system refuses is told in `error`, where that can be written; it is tried again next time.
   *
   * @param work - says whether it had something to do
   */
  attempt(name: string, work: () => boolean): boolean {
    try {
      return work()
    } catch (error) {
      if (!isSystemError(error)) throw error
      this.report(`${name}: cannot be kept up to date: ${describeSystemError(error)}`)
      return true
    }
  }

  /** Tells in `error`, from the next refresh() to the one after it, where no value is wrong. */
  report(trouble: string): void {
    this.#newTrouble = trouble
  }

  /** What was reported since the last refresh() began. */
  get reported(): string {
    return this.#newTrouble
  }
}
