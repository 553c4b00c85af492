import { readFile } from 'node:fs/promises'
import process from 'node:process'

import { parseScenario } from '../simulation/scenario.ts'
import type { Scenario } from '../simulation/scenario.ts'
import { simulate } from '../simulation/simulate.ts'
import type { Progress } from '../simulation/simulate.ts'
import type { Results } from '../simulation/results.ts'
import { describeSystemError } from '../system-error.ts'
import { formatDuration } from '../units.ts'
import { Interrupt } from './interrupt.ts'
import { prepareFolder, toJson, UsageError, writeResults } from './output.ts'
import { ProgressBar } from './progress.ts'
import { describeRun } from './table.ts'

export interface RunOptions {
  policy: string
  seed?: number
  durationNs?: number
  out?: string
  json?: boolean
}

// cli-progress has fields of its own, {duration} among them.
const barFormat = '{name} {bar} {percentage} % | {simulated} of {whole}'

/** `ringback run`: one scenario, a table or JSON, files with --out. Returns the exit code. */
export async function run(file: string, options: RunOptions): Promise<number> {
  const scenario = withOverrides(parseScenario(await read(file), { file }), options)
  const interrupt = new Interrupt()
  try {
    if (options.out !== undefined) await prepareFolder(options.out)
    const results = await runWithProgress(scenario, interrupt)
    if (results && options.out !== undefined) await writeResults(options.out, results)
    if (!results || results.aborted) {
      process.stderr.write(`${describeInterruption(scenario, results, options.out)}\n`)
      return interrupt.exitCode
    }
    process.stdout.write(options.json ? toJson(results) : describeRun(scenario, results))
    return 0
  } finally {
    interrupt.release()
  }
}

/** Undefined where it was interrupted before it began. */
async function runWithProgress(scenario: Scenario, interrupt: Interrupt): Promise<Results | undefined> {
  const whole = formatDuration(scenario.durationNs)
  const bar = new ProgressBar(scenario.name, barFormat, { whole, simulated: '0s' })
  const onProgress = ({ simulatedNs, durationNs }: Progress): void =>
    bar.update(simulatedNs / durationNs, { simulated: formatDuration(simulatedNs, { digits: 3 }) })
  try {
    return await simulate(scenario, { signal: interrupt.signal, onProgress })
  } catch (error) {
    if (interrupt.isCauseOf(error)) return undefined
    throw error
  } finally {
    bar.stop()
  }
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new UsageError(`cannot read ${file}: ${describeSystemError(cause)}; name a scenario, as in examples/`, {
      cause,
    })
  }
}

function withOverrides(scenario: Scenario, { seed, durationNs }: RunOptions): Scenario {
  return { ...scenario, seed: seed ?? scenario.seed, durationNs: durationNs ?? scenario.durationNs }
}

function describeInterruption(scenario: Scenario, results: Results | undefined, out: string | undefined): string {
  if (!results) return 'interrupted before the run began'
  const reached = formatDuration(results.simulatedSeconds * 1e9, { digits: 3 })
  const kept = out === undefined ? '' : `; the results up to there are in ${out}`
  return `interrupted at ${reached} of ${formatDuration(scenario.durationNs)}${kept}`
}
