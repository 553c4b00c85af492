import { stat } from 'node:fs/promises'
import path from 'node:path'
import process from 'node:process'

import { benchPage } from '../bench/bench-page.ts'
import { benchBond } from '../bench/bond.ts'
import { benchControl } from '../bench/control.ts'
import { benchCopy } from '../bench/copy.ts'
import { type BenchmarkName, benchmarkNames, type BenchOptions, type BenchResults } from '../bench/results.ts'
import { benchRings } from '../bench/rings.ts'
import { benchShaper } from '../bench/shaper.ts'
import { benchSim } from '../bench/sim.ts'
import { RingbackError } from '../errors.ts'
import { quote } from '../quote.ts'
import { describeBench } from './bench-table.ts'
import { Interrupt } from './interrupt.ts'
import { prepareFolder, toJson, UsageError, writeAtomically } from './output.ts'
import { ProgressBar } from './progress.ts'

export interface BenchCommandOptions {
  rounds?: number
  at?: number[]
  out?: string
  json?: boolean
  programs?: string
}

const benchmarks: Readonly<Record<BenchmarkName, (options: BenchOptions) => Promise<BenchResults>>> = {
  rings: benchRings,
  copy: benchCopy,
  shaper: benchShaper,
  bond: benchBond,
  sim: benchSim,
  control: benchControl,
}

/** `ringback bench [NAME]`: tables or JSON, files with --out. Returns the exit code. */
export async function bench(
  name: string | undefined,
  { out, json = false, ...options }: BenchCommandOptions,
): Promise<number> {
  const names = namesOf(name)
  const files = out === undefined ? [] : await outputFiles(out)
  const interrupt = new Interrupt()
  const all: BenchResults[] = []
  try {
    for (const each of names) all.push(await measure(each, { ...options, signal: interrupt.signal }, json))
  } catch (error) {
    if (!interrupt.isCauseOf(error)) throw error
    process.stderr.write(`interrupted; ${all.length === 0 ? 'nothing' : 'not everything'} was measured to its end\n`)
    return interrupt.exitCode
  } finally {
    interrupt.release()
  }
  // One benchmark is an object, several are a list.
  const text = name === undefined ? `[${all.map((each) => toJson(each).trimEnd()).join(',\n')}]\n` : toJson(all[0])
  for (const file of files) await writeAtomically(file, file.endsWith('.html') ? benchPage(all) : text)
  if (json) process.stdout.write(text)
  else if (files.length > 0) process.stdout.write(`written: ${files.join(', ')}\n`)
  return 0
}

function namesOf(name: string | undefined): readonly BenchmarkName[] {
  if (name === undefined) return benchmarkNames
  const known = benchmarkNames.find((each) => each === name)
  if (!known)
    throw new UsageError(`there is no benchmark ${quote(name)}; write ${benchmarkNames.join(', ')}, or none for all`)
  return [known]
}

/** `FILE.json` or `FILE.html` is that file; anything else is a folder for both. */
async function outputFiles(out: string): Promise<string[]> {
  const isFile = /\.(json|html)$/.test(out) && !(await isFolder(out))
  await prepareFolder(isFile ? path.dirname(out) : out)
  return isFile ? [out] : [path.join(out, 'bench.json'), path.join(out, 'bench.html')]
}

const isFolder = (name: string): Promise<boolean> =>
  stat(name).then(
    (found) => found.isDirectory(),
    () => false,
  )

/** Measures and, unless JSON is wanted, prints: a table comes as soon as it is there. */
async function measure(name: BenchmarkName, options: BenchOptions, json: boolean): Promise<BenchResults> {
  const bar = new ProgressBar(name, '{name} {bar} {percentage} %')
  try {
    const results = await benchmarks[name]({
      ...options,
      onProgress: ({ done, total }) => bar.update(done / total),
    })
    bar.stop()
    if (!json) process.stdout.write(describeBench(results))
    return results
  } catch (error) {
    // Rounds were checked on the command line: what is out of range is --at.
    if (!(error instanceof RingbackError && error.code === 'ERR_OUT_OF_RANGE')) throw error
    throw new UsageError(`${name}: ${error.message}`, { cause: error })
  } finally {
    bar.stop()
  }
}
