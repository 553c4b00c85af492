import { stat } from 'node:fs/promises'
import path from 'node:path'
import process from 'node:process'

import type { SourcedResults } from '../report/run/labelled-run.ts'
import { resultsPage } from '../report/run/page.ts'
import { parseResults } from '../simulation/parse-results.ts'
import { readInput } from './input.ts'
import { Interrupt } from './interrupt.ts'
import { prepareFolder, UsageError, writeAtomically } from './output.ts'
import { ProgressBar } from './progress.ts'

/** Runs beside one another that a page still shows. */
const mostRuns = 8
const hint = 'name a results.json that ringback run --out wrote, or its folder'
const barFormat = '{name} {bar} {percentage} % | {step}'

/**
 * `ringback report RESULTS... --out FILE`: a page about saved results. Returns the exit code.
 *
 * @param names - results.json files, or folders that hold one; the first is the baseline of the others
 */
export async function report(names: readonly string[], { out }: { out: string }): Promise<number> {
  if (names.length > mostRuns)
    throw new UsageError(`${names.length} results are too many for a page; name at most ${mostRuns}`)
  const files = await Promise.all(names.map(fileOf))
  await checkOutput(out, files)
  const interrupt = new Interrupt()
  const bar = new ProgressBar('report', barFormat, { step: 'reading' })
  try {
    const all: SourcedResults[] = []
    for (const [i, file] of files.entries()) {
      all.push({ results: parseResults(await readInput(file, hint), { file }), source: names[i]! })
      bar.update((i + 1) / (files.length + 1), { step: i + 1 < files.length ? 'reading' : 'drawing' })
      // A turn of the event loop: a signal is seen, and the bar before the drawing.
      await new Promise((resolve) => setImmediate(resolve))
      if (!interrupt.signal.aborted) continue
      process.stderr.write('interrupted; nothing was written\n')
      return interrupt.exitCode
    }
    await writeAtomically(out, resultsPage(all))
    bar.stop()
    process.stdout.write(`written: ${out}\n`)
    return 0
  } finally {
    bar.stop()
    interrupt.release()
  }
}

/** A folder stands for the results in it. */
const fileOf = async (name: string): Promise<string> =>
  (await isFolder(name)) ? path.join(name, 'results.json') : name

const isFolder = (name: string): Promise<boolean> =>
  stat(name).then(
    (found) => found.isDirectory(),
    () => false,
  )

async function checkOutput(out: string, files: readonly string[]): Promise<void> {
  if (await isFolder(out)) throw new UsageError(`${out} is a folder; name a file in it with --out, as in report.html`)
  if (files.some((file) => path.resolve(file) === path.resolve(out)))
    throw new UsageError(`${out} is to be read and to be written; name another file with --out`)
  await prepareFolder(path.dirname(out))
}
