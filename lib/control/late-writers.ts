import { closeSync } from 'node:fs'

import { Draft } from './draft.ts'
import { readValue } from './value-file.ts'

/** How long a replaced file is watched, and how many are at a time. */
const watchMs = 1000
const maxWatched = 256

interface Replaced {
  /** undefined once it is closed. */
  fd: number | undefined
  /** What was in it when it was replaced. */
  raw: string | null
  sinceMs: number
  draft: Draft
  take: (raw: string | null, nowMs: number) => void
}

/**
 * Files that we replaced by new ones: whoever had opened one before writes into it afterwards, and that write must not be
 * lost. They are read for a second more.
 */
export class LateWriters {
  #replaced: Replaced[] = []

  /**
   * @param fd - of the replaced file; it is closed here
   * @param raw - the content that was dealt with
   * @param take - gets what was written since
   */
  watch(fd: number, raw: string | null, nowMs: number, take: (raw: string | null, nowMs: number) => void): void {
    if (this.#replaced.length === maxWatched) closeAll(this.#replaced.splice(0, 1))
    this.#replaced.push({ fd, raw, sinceMs: nowMs, draft: new Draft(), take })
  }

  poll(nowMs: number): void {
    if (this.#replaced.length === 0) return
    const isOver = ({ sinceMs }: Replaced): boolean => nowMs - sinceMs >= watchMs || nowMs < sinceMs
    // take() may add to the list, and close others of it: what it adds is looked at next time.
    for (const replaced of [...this.#replaced]) look(replaced, nowMs)
    closeAll(this.#replaced.filter(isOver))
    this.#replaced = this.#replaced.filter((replaced) => !isOver(replaced))
  }

  close(): void {
    closeAll(this.#replaced.splice(0))
  }
}

function look(replaced: Replaced, nowMs: number): void {
  if (replaced.fd === undefined) return
  const raw = readValue(replaced.fd)
  if (raw === replaced.raw || !replaced.draft.isComplete(raw, nowMs)) return
  replaced.raw = raw
  replaced.draft.clear()
  // Emptied and left so: by somebody whose value came in another way, or never.
  if (raw !== '') replaced.take(raw, nowMs)
}

function closeAll(replaced: readonly Replaced[]): void {
  for (const each of replaced) {
    if (each.fd !== undefined) closeSync(each.fd)
    each.fd = undefined
  }
}
