import type { FolderContext, ServedFile } from './served-files.ts'
import { look, putValue } from './value-file.ts'
import type { Mark } from './value-file.ts'

/** A file that can only be read. What somebody does to it is undone. */
export class ShownFile implements ServedFile {
  readonly name: string
  readonly #folder: FolderContext
  readonly #read: () => string
  readonly #isOwn: boolean
  #line: string | undefined
  #mark: Mark | undefined

  /** @param isOwn - a file of the tree itself, which is put back without a word */
  constructor(folder: FolderContext, name: string, read: () => string, isOwn = false) {
    this.#folder = folder
    this.name = name
    this.#read = read
    this.#isOwn = isOwn
  }

  refresh(): boolean {
    const text = this.#read()
    const line = text === '' ? '' : `${text}\n`
    const seen = look(`${this.#folder.held.path}/${this.name}`)
    const isOurs =
      this.#mark !== undefined && seen !== 'nothing' && !('what' in seen) && isSameContent(seen, this.#mark)
    if (isOurs && line === this.#line) return false
    if (this.#mark !== undefined && !isOurs && seen !== 'nothing' && !this.#isOwn)
      this.#folder.answer(this.name, 'can only be read; what was there is gone')
    this.#mark = putValue(this.#folder.held.path, this.name, line, 0o444) ?? undefined
    this.#line = line
    return true
  }

  forget(): void {
    this.#line = undefined
    this.#mark = undefined
  }
}

/** Whoever changes its mode or links to it changes ctime only. */
const isSameContent = (a: Mark, b: Mark): boolean => a.ino === b.ino && a.size === b.size && a.mtimeMs === b.mtimeMs
