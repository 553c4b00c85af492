import { closeSync, fstatSync } from 'node:fs'

import { RingbackError } from '../errors.ts'
import { systemErrorCode } from '../system-error.ts'
import type { ControlValue } from './control-target.ts'
import { Draft } from './draft.ts'
import type { FolderContext, ServedFile } from './served-files.ts'
import { look, maxValueBytes, openValue, putValue, readValue, sameMark } from './value-file.ts'
import type { Mark } from './value-file.ts'

/** File systems keep times in steps of up to 10 ms: of a file that changed so lately, the times say nothing. */
const freshMs = 100
/** Another kind of file slipped in between two looks: the next look finds it. */
const swapped = ['ENOENT', 'ELOOP', 'ENXIO', 'ENODEV']

/**
 * A file that sets a value. Whatever is written into it is answered, good or bad, and then the file is another one that
 * shows the value in force: a writer may wait for that.
 */
export class WritableFile implements ServedFile {
  readonly name: string
  readonly #folder: FolderContext
  readonly #value: Required<ControlValue>
  readonly #draft = new Draft()
  /** What the file shows; undefined: not put yet. */
  #line: string | undefined
  /** Of the file that we put, or that was found to say the same. */
  #shown: Mark | undefined
  /** Of the file when it was read last and its times could be trusted; undefined: read it again. */
  #mark: Mark | undefined
  /** What was answered, and is still there because the new file could not be put. */
  #answered: { raw: string | null; ino: number } | undefined

  constructor(folder: FolderContext, value: Required<ControlValue>) {
    this.#folder = folder
    this.#value = value
    this.name = value.name
  }

  /**
   * Looks whether somebody wrote a value, and answers it.
   *
   * @returns whether the file had to be put anew
   * @throws a system error
   */
  poll(nowMs: number): boolean {
    const seen = look(this.#path)
    if (seen !== 'nothing' && !('what' in seen)) {
      if (this.#mark && sameMark(seen, this.#mark)) return false
      return this.#withFile((fd, mark) => this.#judge(fd, mark, nowMs))
    }
    if (seen !== 'nothing') this.#folder.answer(this.name, `is ${seen.what}, not a file; write the value into a file`)
    this.#put(seen === 'nothing')
    return true
  }

  refresh(nowMs: number): boolean {
    if (this.#line === `${this.#value.read()}\n`) return false
    // What somebody has written by now comes first.
    if (this.#line !== undefined) this.poll(nowMs)
    if (this.#line !== `${this.#value.read()}\n`) this.#replace(nowMs)
    return true
  }

  forget(): void {
    this.#line = undefined
    this.#shown = undefined
    this.#mark = undefined
    this.#draft.clear()
  }

  get #path(): string {
    return `${this.#folder.held.path}/${this.name}`
  }

  /** Hands out the file, which is closed afterwards unless `use` keeps it. Returns whether it did. */
  #withFile(use: (fd: number, mark: Mark) => boolean): boolean {
    const fd = this.#open()
    if (fd === undefined) return false
    let isKept = false
    try {
      isKept = use(fd, fstatSync(fd))
    } finally {
      if (!isKept) closeSync(fd)
    }
    return isKept
  }

  #open(): number | undefined {
    try {
      return openValue(this.#path)
    } catch (error) {
      const code = systemErrorCode(error) ?? ''
      if (swapped.includes(code)) return undefined
      if (code !== 'EACCES' && code !== 'EPERM') throw error
      this.#folder.answer(this.name, 'cannot be read: permission denied; write the value into the new file')
      this.#put()
      return undefined
    }
  }

  /** Returns whether the file was replaced and is watched. */
  #judge(fd: number, mark: Mark, nowMs: number): boolean {
    const raw = readValue(fd)
    if (raw === this.#line) {
      this.#draft.clear()
      this.#sameAgain(mark, nowMs)
      return false
    }
    if (!this.#draft.isComplete(raw, nowMs)) return false
    if (this.#answered?.ino !== mark.ino || this.#answered.raw !== raw) this.#answer(raw)
    this.#answered = { raw, ino: mark.ino }
    this.#put()
    this.#watch(fd, raw, nowMs)
    return true
  }

  /** The file says what it should. Where somebody wrote that, it is a good value like any other. */
  #sameAgain(mark: Mark, nowMs: number): void {
    if (this.#shown && (this.#shown.ino !== mark.ino || this.#shown.mtimeMs !== mark.mtimeMs))
      this.#folder.answer(this.name, '')
    this.#shown = mark
    // A time to come is one that a clock has left behind: it says nothing either.
    this.#mark = nowMs - mark.ctimeMs > freshMs ? mark : undefined
  }

  #answer(raw: string | null): void {
    this.#folder.answer(this.name, this.#problemOf(raw))
  }

  /** Sets the value; returns what is wrong with it, or ''. */
  #problemOf(raw: string | null): string {
    const example = `as in: echo ${this.#value.read()} > ${this.name}`
    if (raw === null) return `is no line of ${maxValueBytes} bytes at most; write one value, ${example}`
    const text = raw.trim()
    if (text === '') return `is empty; write a value, ${example}`
    if (/[\r\n]/.test(text)) return `has several lines; write one value, with > and not with >>`
    try {
      this.#value.write(text)
      return ''
    } catch (error) {
      if (!(error instanceof RingbackError) || error.code === 'ERR_CLOSED') throw error
      return error.message
    }
  }

  /** Shows the value in force. What is there now was dealt with; where `isNew`, it is left alone. */
  #put(isNew = false): void {
    const line = `${this.#value.read()}\n`
    const mark = putValue(this.#folder.held.path, this.name, line, 0o644, isNew)
    if (mark === null) return // somebody was quicker
    this.#line = line
    this.#shown = mark
    this.#mark = undefined
    this.#answered = undefined
    this.#draft.clear()
  }

  /** Shows the value in force instead of what is there, which may be a value that we have not seen yet. */
  #replace(nowMs: number): void {
    const raw = this.#line ?? null
    const isPut = this.#withFile((fd) => {
      this.#put()
      this.#watch(fd, raw, nowMs)
      return true
    })
    if (!isPut) this.#put()
  }

  #watch(fd: number, raw: string | null, nowMs: number): void {
    const { late, held } = this.#folder
    late.watch(fd, raw, nowMs, (text, lateMs) => {
      // The folder may have gone, or gone out of our hands, since.
      if (!held.isOpen) return
      this.#folder.attempt(this.name, () => {
        this.#answer(text)
        this.#replace(lateMs)
        return true
      })
    })
  }
}
