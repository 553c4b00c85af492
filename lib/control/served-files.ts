import type { HeldFolder } from './held-folder.ts'
import type { LateWriters } from './late-writers.ts'

/** What the files of one folder share. */
export interface FolderContext {
  readonly held: HeldFolder
  readonly late: LateWriters
  /** Answers somebody's write to the file `name`; '': it was good. */
  answer(name: string, problem: string): void
  /** Does something to the file `name`, and takes what the system refuses. */
  attempt(name: string, work: () => boolean): boolean
}

/** A file of the tree that shows a value. */
export interface ServedFile {
  readonly name: string
  /**
   * Brings it up to date and back to its place.
   *
   * @returns whether the file had to be written
   * @throws a system error
   */
  refresh(nowMs: number): boolean
  /** Its folder is a new one: nothing is in place. */
  forget(): void
}
