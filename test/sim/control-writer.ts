import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

/** Where trees are put: a disk takes milliseconds for each file that is replaced. */
export const memoryFolder = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

/** A value as one writes it, as the tree shows it, and as a result has it. */
interface Value {
  text: string
  shows: string
  means: number | string | null
}

const rate = (text: string, shows: string, mbps: number | null): Value => ({
  text,
  shows,
  means: mbps === null ? null : mbps * 1e6,
})

/** Any of them may follow any other: mins are below caps, and all mins together fit in the NIC. */
export const goodValues: Record<'rate' | 'min' | 'weight' | 'link', readonly Value[]> = {
  rate: [
    rate('200Mb/s', '200Mb/s', 200),
    rate('0.4Gb/s', '400Mb/s', 400),
    rate('  75MB/s@1ms', '600Mb/s@1ms', 600),
    rate('900Mb/s@20ms ', '900Mb/s@20ms', 900),
    rate('none', 'none', null),
  ],
  min: [
    rate('100Mb/s', '100Mb/s', 100),
    rate('150Mb/s', '150Mb/s', 150),
    rate('0', 'none', null),
    rate('none', 'none', null),
  ],
  weight: ['1', '7', '10000'].map((text) => ({ text, shows: text, means: Number(text) })),
  link: ['up', 'down'].map((text) => ({ text, shows: text, means: text })),
}

/** No value of any file. */
export const badWrites: readonly (string | Buffer)[] = [
  '\n',
  '50Mbit\n',
  '-1\n',
  '0b/s\n',
  '1e9\n',
  '10Mb/s 20Mb/s\n',
  '10Mb/s\n20Mb/s\n',
  '99999999999999999999Gb/s\n',
  '\u202e\u0000\n',
  '../../etc/passwd\n',
  '__proto__\n',
  `${'9'.repeat(300)}\n`,
  Buffer.alloc(100_000, 0xff),
]

/** Seeded: the same writes each time. */
class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed
  }

  below(bound: number): number {
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0
    return Math.floor((this.#state / 2 ** 32) * bound)
  }

  of<T>(list: readonly T[]): T {
    const item = list[this.below(list.length)]
    if (item === undefined) throw new Error('an empty list')
    return item
  }
}

/** Somebody who writes into a control tree, and worse. */
export class Writer {
  readonly #folder: string
  readonly #files: readonly string[]
  readonly #random: Random
  #file = ''
  #content: string | Buffer = ''

  constructor(folder: string, vifs: readonly string[], seed: number) {
    this.#folder = folder
    this.#files = vifs.flatMap((vif) => ['rate', 'min', 'weight'].map((name) => `vif/${vif}/${name}`))
    this.#random = new Random(seed)
  }

  /** Chooses what is written next; `shows`: what the file must show then, undefined for a bad value. */
  nextValue(): { file: string; shows: string | undefined } {
    this.#file = this.#random.of(this.#files)
    const isGood = this.#random.below(2) === 0
    const key = path.basename(this.#file) as keyof typeof goodValues
    const value = isGood ? this.#random.of(goodValues[key]) : undefined
    this.#content = value ? `${value.text}\n` : this.#random.of(badWrites)
    return { file: this.#file, shows: value?.shows }
  }

  /** As a shell does, but never waits for somebody to read a pipe. */
  writeOver(): void {
    const { O_WRONLY, O_CREAT, O_TRUNC, O_NONBLOCK } = constants
    const fd = openSync(path.join(this.#folder, this.#file), O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK)
    try {
      writeFileSync(fd, this.#content)
    } finally {
      closeSync(fd)
    }
  }

  /** Writes the value in some way, or does something that no one should. */
  doAnything(): void {
    this.nextValue()
    const file = path.join(this.#folder, this.#file)
    const aside = `${file}.mine`
    const folder = path.dirname(file)
    const tricks = [
      () => writeFileSync(aside, this.#content),
      () => renameSync(aside, file),
      () => rmSync(file),
      () => truncateSync(file),
      () => chmodSync(file, this.#random.below(0o1000)),
      () => mkdirSync(file),
      () => symlinkSync('/dev/zero', file),
      () => symlinkSync(this.#random.of(this.#files), aside),
      () => execFileSync('mkfifo', [file], { stdio: 'ignore' }),
    ]
    const disasters = [
      () => rmSync(folder, { recursive: true }),
      () => renameSync(folder, `${folder}-moved`),
      () => rmSync(path.dirname(folder), { recursive: true }),
    ]
    const dice = this.#random.below(2000)
    if (dice < 3) this.#random.of(disasters)()
    else if (dice < 200) this.#random.of(tricks)()
    else this.writeOver()
  }
}

/** What is left of it that the tree must not touch. */
export function leavings(folder: string): string[] {
  const all = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  return all.filter((name) => /(-moved|\.mine)$/.test(name)).map((name) => path.join(folder, name))
}

/** What is in the way, not there, or another kind of thing now. */
const isExpected = (error: unknown): boolean => error instanceof Error && ('syscall' in error || 'status' in error)

const [script, folder = '', vifs = '', count = '0'] = process.argv.slice(1)
if (script === fileURLToPath(import.meta.url)) {
  const writer = new Writer(folder, vifs.split(','), 2)
  const never = new Int32Array(new SharedArrayBuffer(4))
  for (let i = 0; i < Number(count); i++) {
    try {
      writer.doAnything()
    } catch (error) {
      if (!isExpected(error)) throw error
    }
    if (i % 10 === 0) Atomics.wait(never, 0, 0, 2) // so that the run has time to see some of it
  }
  process.stdout.write(`wrote ${count}\n`)
}
