import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'

import { TreeReader } from '../control/tree-reader.ts'
import { Interrupt } from './interrupt.ts'
import { toJson, UsageError } from './output.ts'
import { colors } from './plain-table.ts'

export interface ControlOptions {
  json?: boolean
  /** Of watch, milliseconds. */
  intervalMs: number
}

/** What somebody has just written is not in force before the tree has answered, a few milliseconds later. */
const answerMs = 20

/** What watch shows where no path is named: what can be set is answered here. */
const settable = /(^|\/)(rate|min|weight|link|error)$/

/** `ringback control DIR get|set|watch ...`: the control tree of a run. Returns the exit code. */
export async function control(
  folder: string,
  verb: string,
  words: readonly string[],
  options: ControlOptions,
): Promise<number> {
  const tree = new TreeReader(folder)
  if (verb === 'get') return get(tree, words, options)
  if (verb === 'set') return set(tree, words, options)
  if (verb === 'watch') return watch(tree, words, options)
  throw new UsageError(`control has no ${JSON.stringify(verb)}; use get, set or watch`)
}

/** What the paths have at the moment. */
function valuesOf(tree: TreeReader, paths: readonly string[]): Map<string, string> {
  const values = [...new Set(paths)].map((path) => [path, tree.read(path)] as const)
  return new Map(values.filter((entry): entry is readonly [string, string] => entry[1] !== undefined))
}

function get(tree: TreeReader, paths: readonly string[], { json }: ControlOptions): number {
  const wanted = paths.length > 0 ? paths : ['']
  const values = valuesOf(
    tree,
    wanted.flatMap((path) => tree.list(path)),
  )
  const [path = '', ...others] = paths
  const only = others.length === 0 ? values.get(path) : undefined
  if (only !== undefined) process.stdout.write(json ? toJson(only) : `${only}\n`)
  else process.stdout.write(json ? toJson(nested(values)) : listing(values))
  return 0
}

function listing(values: ReadonlyMap<string, string>): string {
  const width = Math.max(...[...values.keys()].map((path) => path.length))
  return [...values].map(([path, value]) => `${path.padEnd(width)}  ${value}`.trimEnd() + '\n').join('')
}

/** `{ vif: { web: { rate: '50Mb/s' } } }` */
function nested(values: ReadonlyMap<string, string>): object {
  const none = (): Record<string, unknown> => Object.create(null) as Record<string, unknown> // a vif may be called constructor
  const all = none()
  for (const [path, value] of values) {
    const steps = path.split('/')
    const name = steps.pop() ?? ''
    let folder = all
    for (const step of steps) folder = (folder[step] ??= none()) as Record<string, unknown>
    folder[name] = value
  }
  return all
}

async function set(tree: TreeReader, words: readonly string[], { json }: ControlOptions): Promise<number> {
  const [path, value] = words
  if (path === undefined || value === undefined || words.length > 2)
    throw new UsageError('set takes a path and a value, as in: ringback control DIR set vif/web/rate 50Mb/s')
  const interrupt = new Interrupt()
  try {
    const now = await tree.set(path, value, interrupt.signal)
    process.stdout.write(json ? toJson(now) : `${now}\n`)
    return 0
  } catch (error) {
    if (interrupt.signal.aborted) return interrupt.exitCode
    throw error
  } finally {
    interrupt.release()
  }
}

/** A line for each value, then one for each that has changed since the last look. */
async function watch(tree: TreeReader, paths: readonly string[], options: ControlOptions): Promise<number> {
  tree.checkServed()
  for (const path of paths) tree.list(path) // a mistyped path is told at once
  const interrupt = new Interrupt()
  const shown = new Map<string, string>()
  try {
    while (!interrupt.signal.aborted && tree.owner?.isAlive) {
      for (const [path, value] of await changed(tree, paths, shown, interrupt.signal)) {
        shown.set(path, value)
        process.stdout.write(lineOf(path, value, options))
      }
      await pause(options.intervalMs, interrupt.signal)
    }
  } finally {
    interrupt.release()
  }
  if (!interrupt.signal.aborted) process.stderr.write('the run has ended\n')
  return 0
}

/** What differs from what was shown, and still does when it is looked at again. */
async function changed(
  tree: TreeReader,
  paths: readonly string[],
  shown: ReadonlyMap<string, string>,
  signal: AbortSignal,
): Promise<[path: string, value: string][]> {
  const found = [...watched(tree, paths)].filter(([path, value]) => shown.get(path) !== value)
  if (found.length > 0) await pause(answerMs, signal)
  return found.filter(([path, value]) => tree.read(path) === value)
}

/** All that is to be seen now. A tree that is being taken away has less and less of it. */
function watched(tree: TreeReader, paths: readonly string[]): Map<string, string> {
  if (paths.length > 0)
    return valuesOf(
      tree,
      paths.flatMap((path) => tree.find(path)),
    )
  return valuesOf(
    tree,
    tree.find('').filter((path) => settable.test(path)),
  )
}

function lineOf(path: string, value: string, { json }: ControlOptions): string {
  const time = new Date().toISOString()
  if (json) return `${JSON.stringify({ time, path, value })}\n`
  return `${colors.dim(time.slice(11, 23))} ${path} ${value === '' ? '-' : value}\n`
}

/** Until it is time for the next look, or interrupted. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal })
  } catch (error) {
    if (!signal.aborted) throw error
  }
}
