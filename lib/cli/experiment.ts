import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import process from 'node:process'
import { stripVTControlCharacters } from 'node:util'

import { packageRoot } from '../bench/package-root.ts'
import { parseExperiment } from '../experiment/experiment.ts'
import type { Experiment } from '../experiment/experiment.ts'
import { experimentPage } from '../experiment/page.ts'
import type { ExperimentResults } from '../experiment/results.ts'
import { runExperiment } from '../experiment/run-experiment.ts'
import type { FinishedRun } from '../experiment/run-experiment.ts'
import { describeCount } from '../experiment/verdict.ts'
import { quote } from '../quote.ts'
import type { SourcedResults } from '../report/run/labelled-run.ts'
import { resultsPage } from '../report/run/page.ts'
import { describeSystemError } from '../system-error.ts'
import { describeExperiment } from './experiment-table.ts'
import { Interrupt } from './interrupt.ts'
import { prepareFolder, toJson, UsageError, writeAtomically } from './output.ts'
import { ProgressBar } from './progress.ts'

export interface ExperimentOptions {
  out?: string
  json?: boolean
  check?: boolean
}

/** The experiments that come with the package. */
const folder = path.join(packageRoot, 'experiments')
const barFormat = '{name} {bar} {percentage} % | run {run} of {runs}'

/**
 * `ringback experiment [NAME...]`: tables or JSON, files with --out. Returns the exit code.
 *
 * @param names - experiments of the package, or files: what ends in .yaml; none: all of the package's
 */
export async function experiment(
  names: readonly string[],
  { out, json = false, check = false }: ExperimentOptions,
): Promise<number> {
  // All are read before the first is run: a mistake in the last is found at once.
  const files = names.length > 0 ? names.map(fileOf) : (await shipped()).map(fileOf)
  const experiments = await Promise.all(files.map(async (file) => parseExperiment(await read(file), { file })))
  checkNames(experiments)
  if (out !== undefined) for (const { name } of experiments) await prepareFolder(path.join(out, name))
  const interrupt = new Interrupt()
  const all: ExperimentResults[] = []
  try {
    for (const each of experiments) {
      const pages = new RunPages(each)
      const results = await runWithProgress(each, interrupt.signal, (run) => {
        if (out !== undefined) pages.add(run)
      })
      all.push(results)
      if (out !== undefined) await writeFiles(path.join(out, each.name), { ...filesOf(results), ...pages.files() })
      if (results.aborted) {
        process.stderr.write(`${describeInterruption(results, out)}\n`)
        return interrupt.exitCode
      }
      if (!json) process.stdout.write(`${describeExperiment(results)}\n`)
    }
  } finally {
    interrupt.release()
  }
  // One experiment that was asked for is an object, all else is a list.
  if (json) process.stdout.write(toJson(names.length === 1 ? all[0] : all))
  return check ? checkClaims(all) : 0
}

/** 1 where a claim does not hold. A verdict is a finding, not a mistake: without --check it is 0. */
function checkClaims(all: readonly ExperimentResults[]): number {
  const failed = all.filter(({ claims }) => claims.some(({ finding }) => finding !== 'holds'))
  for (const { experiment: name, claims } of failed) process.stderr.write(`error: ${name}: ${describeCount(claims)}\n`)
  return failed.length > 0 ? 1 : 0
}

const isFile = (name: string): boolean => /\.ya?ml$/.test(name)
const fileOf = (name: string): string => (isFile(name) ? name : path.relative('', path.join(folder, `${name}.yaml`)))

async function shipped(): Promise<string[]> {
  const entries = await readdir(folder)
  return entries
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => name.slice(0, -'.yaml'.length))
    .sort()
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    if (path.dirname(path.resolve(file)) === folder) {
      const name = quote(path.basename(file, '.yaml'))
      throw new UsageError(`there is no experiment ${name}; the experiments are ${(await shipped()).join(', ')}`, {
        cause,
      })
    }
    throw new UsageError(`cannot read ${file}: ${describeSystemError(cause)}; name an experiment, as in experiments/`, {
      cause,
    })
  }
}

/** Two of one name would write to one folder. */
function checkNames(experiments: readonly Experiment[]): void {
  const names = experiments.map(({ name }) => name)
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined) throw new UsageError(`the experiment ${quote(twice)} is named twice; name it once`)
}

async function runWithProgress(
  each: Experiment,
  signal: AbortSignal,
  onRun: (run: FinishedRun) => void,
): Promise<ExperimentResults> {
  const bar = new ProgressBar(each.name, barFormat, { run: '1', runs: '' })
  try {
    return await runExperiment(each, {
      signal,
      onRun,
      onProgress: ({ done, total }) =>
        bar.update(done / total, { run: String(Math.min(Math.floor(done) + 1, total)), runs: String(total) }),
    })
  } finally {
    bar.stop()
  }
}

/** Runs that a page shows beside one another. */
const mostRuns = 8

/**
 * The runs of an experiment with claims beside one another over time, the baseline first: those of the first table with the
 * first seed, a page a case.
 */
class RunPages {
  readonly #experiment: Experiment
  readonly #runs = new Map<string, SourcedResults[]>()

  constructor(experiment: Experiment) {
    this.#experiment = experiment
  }

  add({ table, labels, case: inCase, seed, results }: FinishedRun): void {
    const { seeds, tables, claims } = this.#experiment
    if (claims.length === 0 || table !== tables[0]?.name || seed !== seeds[0]) return
    const runs = this.#runs.get(inCase) ?? []
    if (runs.length < mostRuns) this.#runs.set(inCase, [...runs, { results, source: labels.join(', ') }])
  }

  files(): Record<string, string> {
    return Object.fromEntries([...this.#runs].map(([inCase, runs]) => [`runs-${inCase}.html`, resultsPage(runs)]))
  }
}

const filesOf = (results: ExperimentResults): Record<string, string> => ({
  'results.json': toJson(results),
  'tables.txt': stripVTControlCharacters(describeExperiment(results)),
  'report.html': experimentPage(results),
})

async function writeFiles(to: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) await writeAtomically(path.join(to, name), text)
}

function describeInterruption({ experiment: name, tables, runs }: ExperimentResults, out: string | undefined): string {
  const rows = tables.reduce((sum, table) => sum + table.rows.length, 0)
  const kept = out === undefined ? '' : `; ${rows} finished rows are in ${path.join(out, name)}`
  return `interrupted after ${runs} runs of ${name}${kept}`
}
