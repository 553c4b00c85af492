import { Presets, SingleBar } from 'cli-progress'

/** A progress bar on standard error; nothing at all where that is no terminal. */
export class ProgressBar {
  readonly #bar: SingleBar | undefined

  /**
   * @param name - what goes on
   * @param format - cli-progress's, with {name} and the fields that update() gives
   */
  constructor(name: string, format: string, fields: Record<string, string> = {}) {
    if (!process.stderr.isTTY) return
    this.#bar = new SingleBar(
      { format, stream: process.stderr, hideCursor: true, clearOnComplete: true, barsize: 30 },
      Presets.shades_classic,
    )
    this.#bar.start(1, 0, { name: name.slice(0, 24), ...fields })
  }

  /** @param part - 0 to 1 */
  update(part: number, fields: Record<string, string> = {}): void {
    this.#bar?.update(part, fields)
  }

  /** Takes the bar from the screen and gives the cursor back. More than once is fine. */
  stop(): void {
    if (this.#bar?.isActive) this.#bar.stop()
  }
}
