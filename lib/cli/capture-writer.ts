import { open, rename, rm } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import path from 'node:path'

import type { CaptureChunk } from '../simulation/simulation.ts'
import { cannotWrite, temporaryName } from './output.ts'

/**
 * Writes captures piece by piece: at no time more than a piece is in memory. They have temporary names until commit(),
 * so that a folder holds whole files or those of an earlier run.
 */
export class CaptureWriter {
  readonly #folder: string
  /** By the file's path. */
  readonly #open = new Map<string, { handle: FileHandle; temporary: string }>()

  constructor(folder: string) {
    this.#folder = folder
  }

  /** Adds a piece to its file. */
  async write({ file: name, bytes }: CaptureChunk): Promise<void> {
    const file = path.join(this.#folder, name)
    try {
      const { handle } = this.#open.get(file) ?? (await this.#create(file))
      await handle.writeFile(bytes) // at the file's position; all of it, which write() does not promise
    } catch (cause) {
      throw cannotWrite(file, cause)
    }
  }

  /** Gives the files their names. */
  async commit(): Promise<void> {
    for (const [file, { handle, temporary }] of this.#open) {
      try {
        await handle.sync()
        await handle.close()
        await rename(temporary, file)
      } catch (cause) {
        throw cannotWrite(file, cause)
      }
      this.#open.delete(file)
    }
  }

  /** Removes what was not committed; nothing after commit(). */
  async discard(): Promise<void> {
    for (const { handle, temporary } of this.#open.values()) {
      await handle.close().catch(() => undefined) // closed already, or beyond saving: it goes away
      await rm(temporary, { force: true })
    }
    this.#open.clear()
  }

  async #create(file: string): Promise<{ handle: FileHandle; temporary: string }> {
    const temporary = temporaryName(file)
    const entry = { handle: await open(temporary, 'w'), temporary }
    this.#open.set(file, entry)
    return entry
  }
}
