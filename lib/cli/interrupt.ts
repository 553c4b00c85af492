import process from 'node:process'

/** Exit codes as a shell gives them to what a signal ended. */
const exitCodes = { SIGINT: 130, SIGTERM: 143 } as const

/** Ctrl-C, once: aborts the signal, so that the work stops cleanly. A second one ends the process as ever. */
export class Interrupt {
  readonly #controller = new AbortController()
  readonly #handlers = Object.entries(exitCodes).map(([name, code]) => {
    const handler = (): void => {
      this.exitCode = code
      this.release()
      this.#controller.abort()
    }
    process.on(name, handler)
    return { name, handler }
  })
  exitCode: number = exitCodes.SIGINT

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Whether `error` says nothing but that this was interrupted. */
  isCauseOf(error: unknown): boolean {
    return this.signal.aborted && error === this.signal.reason
  }

  /** Gives the signals back; call it when the work is over. */
  release(): void {
    for (const { name, handler } of this.#handlers) process.off(name, handler)
  }
}
