/** How long a file may be empty: a shell empties it, and then writes. */
const emptyMs = 200
/** How long a line without an end must be left as it is: the rest of it may be on its way. */
const unendedMs = 50

/** Tells when what somebody is writing is a value: Linux says that a file changes, Node does not say that it was closed. */
export class Draft {
  #raw: string | undefined
  #sinceMs = 0

  /**
   * @param raw - the file's content; null: more than a value can be
   * @param nowMs - a clock
   */
  isComplete(raw: string | null, nowMs: number): boolean {
    if (raw === null || raw.endsWith('\n')) return true
    // A clock that was set back starts the wait again.
    if (raw !== this.#raw || nowMs < this.#sinceMs) this.#sinceMs = nowMs
    this.#raw = raw
    return nowMs - this.#sinceMs >= (raw === '' ? emptyMs : unendedMs)
  }

  /** What was written has been dealt with. */
  clear(): void {
    this.#raw = undefined
  }
}
