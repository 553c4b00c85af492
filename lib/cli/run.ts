import process from 'node:process'

import type { PolicyName } from '../policy/policy.ts'
import { defaultFolder } from '../control/default-folder.ts'
import { parseScenario } from '../simulation/check-scenario.ts'
import type { Scenario } from '../simulation/scenario.ts'
import { simulate } from '../simulation/simulate.ts'
import type { CaptureChunk, Progress } from '../simulation/simulation.ts'
import type { Results } from '../simulation/results.ts'
import { formatDuration } from '../units.ts'
import { simulateWithTree } from './controlled-run.ts'
import { CaptureWriter } from './capture-writer.ts'
import { readInput } from './input.ts'
import { Interrupt } from './interrupt.ts'
import { prepareFolder, toJson, UsageError, writeResults } from './output.ts'
import { ProgressBar } from './progress.ts'
import { describeRun } from './table.ts'

export interface RunOptions {
  policy?: PolicyName
  seed?: number
  durationNs?: number
  out?: string
  json?: boolean
  realtime?: boolean
  /** The control tree's folder; true: one of its own. */
  control?: string | true
}

// cli-progress has fields of its own, {duration} among them.
const barFormat = '{name} {bar} {percentage} % | {simulated} of {whole}{pace}'

/** `ringback run`: one scenario, a table or JSON, files with --out. Returns the exit code. */
export async function run(file: string, options: RunOptions): Promise<number> {
  const { out } = options
  const scenario = withOverrides(
    parseScenario(await readInput(file, 'name a scenario, as in examples/'), { file }),
    options,
  )
  if (hasCaptures(scenario) && out === undefined)
    throw new UsageError(`${file}: output.pcap: there is no folder for the captures; name one with --out`)
  if (options.control !== undefined && !options.realtime)
    throw new UsageError(
      '--control needs --realtime: a run that goes at its own speed is over before one can write a value',
    )
  const interrupt = new Interrupt()
  const captures = out === undefined ? undefined : new CaptureWriter(out)
  try {
    if (out !== undefined) await prepareFolder(out)
    const results = await runWithProgress(scenario, options, interrupt, captures)
    await captures?.commit()
    if (results && out !== undefined) await writeResults(out, results)
    if (!results || results.aborted) {
      process.stderr.write(`${describeInterruption(scenario, results, out)}\n`)
      return interrupt.exitCode
    }
    process.stdout.write(options.json ? toJson(results) : describeRun(scenario, results))
    return 0
  } finally {
    interrupt.release()
    await captures?.discard()
  }
}

function hasCaptures({ output: { pcap } }: Scenario): boolean {
  return pcap !== undefined && pcap.nics.length + pcap.vifs.length > 0
}

/** Undefined where it was interrupted before it began. */
async function runWithProgress(
  scenario: Scenario,
  { realtime = false, control }: RunOptions,
  interrupt: Interrupt,
  captures: CaptureWriter | undefined,
): Promise<Results | undefined> {
  const whole = formatDuration(scenario.durationNs)
  const bar = new ProgressBar(scenario.name, barFormat, { whole, simulated: '0s', pace: '' })
  const onProgress = ({ simulatedNs, durationNs, wallSeconds }: Progress): void =>
    bar.update(simulatedNs / durationNs, {
      simulated: formatDuration(simulatedNs, { digits: 3 }),
      pace: realtime ? `, ${describePace(wallSeconds * 1e9 - simulatedNs)}` : '',
    })
  try {
    const onCapture = captures && { onCapture: (chunk: CaptureChunk) => captures.write(chunk) }
    const options = { signal: interrupt.signal, onProgress, realtime, ...onCapture }
    if (control === undefined) return await simulate(scenario, options)
    const folder = control === true ? defaultFolder(scenario.name) : control
    return await simulateWithTree(scenario, folder, options)
  } catch (error) {
    if (interrupt.isCauseOf(error)) return undefined
    throw error
  } finally {
    bar.stop()
  }
}

/** What everybody sees late is not worth a word. */
function describePace(behindNs: number): string {
  return behindNs < 100e6 ? 'real time' : `${formatDuration(behindNs, { digits: 3 })} behind real time`
}

function withOverrides(scenario: Scenario, options: RunOptions): Scenario {
  const { seed = scenario.seed, durationNs = scenario.durationNs, policy = scenario.control.policy } = options
  return { ...scenario, seed, durationNs, control: { ...scenario.control, policy } }
}

function describeInterruption(scenario: Scenario, results: Results | undefined, out: string | undefined): string {
  if (!results) return 'interrupted before the run began'
  const reached = formatDuration(results.simulatedSeconds * 1e9, { digits: 3 })
  const kept = out === undefined ? '' : `; the results up to there are in ${out}`
  return `interrupted at ${reached} of ${formatDuration(scenario.durationNs)}${kept}`
}
