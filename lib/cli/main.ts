#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import process from 'node:process'
import { inspect } from 'node:util'

import { Command, CommanderError, InvalidArgumentError } from 'commander'

import { RingbackError } from '../errors.ts'
import { experimentJsonSchema } from '../experiment/schema.ts'
import { policyNames } from '../policy/policy.ts'
import type { PolicyName } from '../policy/policy.ts'
import { scenarioJsonSchema } from '../simulation/schema.ts'
import { parseDuration } from '../units.ts'
import { bench, type BenchCommandOptions } from './bench.ts'
import { bond, hostForms, type BondOptions, type HostForm } from './bond.ts'
import { control } from './control.ts'
import { experiment, type ExperimentOptions } from './experiment.ts'
import { UsageError } from './output.ts'
import { report } from './report.ts'
import { run, type RunOptions } from './run.ts'

// Exit codes: 0 done, 1 the run failed, 2 a bad command line or a bad file. Messages for people are one line.

const usageCodes = new Set([
  'ERR_SCENARIO',
  'ERR_BOND',
  'ERR_EXPERIMENT',
  'ERR_RESULTS',
  'ERR_PCAP',
  'ERR_UNIT',
  'ERR_CONTROL',
])

const oneLine = (text: string): string => text.trim().replace(/\s*[\r\n]+\s*/g, ' ')

const withHint = (text: string): string =>
  /^error: (unknown|missing|required|too many)/.test(text) ? `${text}; see ringback --help` : text

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

function parseSeed(text: string): number {
  const seed = /^\d{1,16}$/.test(text) ? Number(text) : NaN
  if (!Number.isSafeInteger(seed)) throw new InvalidArgumentError('Write a whole number from 0 to 9007199254740991.')
  return seed
}

function parseRounds(text: string): number {
  const rounds = /^\d{1,4}$/.test(text) ? Number(text) : 0
  if (rounds < 1) throw new InvalidArgumentError('Write a whole number from 1 to 9999.')
  return rounds
}

function parseSizes(text: string): number[] {
  const sizes = text.split(',').map((word) => (/^\d{1,5}$/.test(word) ? Number(word) : 0))
  if (sizes.includes(0)) throw new InvalidArgumentError('Write whole numbers above 0 with commas, as in 1,8,64.')
  return sizes
}

function parseRunTime(text: string): number {
  try {
    const ns = parseDuration(text)
    if (ns > 0 && ns <= 30 * 24 * 3600e9) return ns
  } catch (error) {
    if (error instanceof RingbackError) throw new InvalidArgumentError(error.message)
    throw error
  }
  throw new InvalidArgumentError('Write a duration above 0 and up to 720h, as in 10s.')
}

function parseInterval(text: string): number {
  const ns = parseRunTime(text)
  if (ns < 1e6) throw new InvalidArgumentError('Write 1ms or more.')
  return Math.round(ns / 1e6)
}

function parsePolicy(text: string): PolicyName {
  const policy = policyNames.find((name) => name === text)
  if (policy === undefined) throw new InvalidArgumentError(`There is no such policy; use ${policyNames.join(', ')}.`)
  return policy
}

function parseHostForm(text: string): HostForm {
  const form = hostForms.find((name) => name === text)
  if (form === undefined) throw new InvalidArgumentError(`Write ${hostForms.join(' or ')}.`)
  return form
}

const schemas = { scenario: scenarioJsonSchema, experiment: experimentJsonSchema }
type SchemaName = keyof typeof schemas

function parseSchemaName(text: string): SchemaName {
  if (text === 'scenario' || text === 'experiment') return text
  throw new InvalidArgumentError('Write scenario or experiment.')
}

interface RunFlags extends Omit<RunOptions, 'durationNs'> {
  duration?: number
}

function buildProgram(): Command {
  const program = new Command('ringback')
    .description("Xen's split network driver, simulated: rings, grants, event channels and the credit shaper")
    .version(version())
    .option('--debug', 'print stack traces (also RINGBACK_DEBUG=1)')
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(`${withHint(oneLine(text))}\n`) })
  program
    .command('run')
    .description('run a scenario and print a table')
    .argument('<file>', 'the scenario, YAML')
    .option('--policy <policy>', `instead of the scenario's: ${policyNames.join(', ')}`, parsePolicy)
    .option('--seed <n>', "instead of the scenario's", parseSeed)
    .option('--duration <time>', "instead of the scenario's, as in 10s", parseRunTime)
    .option('--out <folder>', 'write results.json, series.csv, report.html and captures there')
    .option('--json', 'print the results as JSON instead of the table')
    .option('--realtime', "at the clock's pace")
    .option(
      '--control [folder]',
      'with --realtime: serve a folder with a file a value, to read and change while it runs',
    )
    .action(async (file: string, options: RunFlags) => {
      const { duration, ...others } = options
      process.exitCode = await run(file, { ...others, ...(duration !== undefined && { durationNs: duration }) })
    })
  program
    .command('control')
    .description(
      'look at a run that serves a control tree, or change it: get [PATH...], set PATH VALUE, watch [PATH...]',
    )
    .argument('<folder>', 'the one that run --control names')
    .argument('<verb>', 'get, set or watch')
    .argument('[words...]', 'paths in the tree, as in vif/web/rate; for set a path and a value')
    .option('--json', 'print JSON; watch prints a line for each change')
    .option('--interval <time>', 'of watch: how often to look', parseInterval, 200)
    .action(async (folder: string, verb: string, words: string[], options: { json?: boolean; interval: number }) => {
      const { interval, ...others } = options
      process.exitCode = await control(folder, verb, words, { ...others, intervalMs: interval })
    })
  program
    .command('report')
    .description('make a page with charts from saved results; several are put beside one another')
    .argument('<results...>', 'results.json files, or folders that hold one; the first is the baseline of the others')
    .requiredOption('-o, --out <file>', 'the page, as in report.html')
    .action(async (names: string[], options: { out: string }) => {
      process.exitCode = await report(names, options)
    })
  program
    .command('bond')
    .description("take a scenario's bonds to a host, or a host's bonds to a scenario or to another form")
    .argument('<file>', "the scenario; with --from netplan's YAML, ip link commands or what ip -d -j link show prints")
    .option('--to <form>', `print them for a host: ${hostForms.join(' or ')}`, parseHostForm)
    .option('--from <form>', `read a host's: ${hostForms.join(' or ')}`, parseHostForm)
    .action(async (file: string, options: BondOptions) => {
      process.exitCode = await bond(file, options)
    })
  program
    .command('schema')
    .description("print the scenario's or the experiment's JSON Schema, for editors")
    .argument('[what]', 'scenario or experiment', parseSchemaName, 'scenario')
    .action((what: SchemaName) => {
      process.stdout.write(`${JSON.stringify(schemas[what](), null, 2)}\n`)
    })
  program
    .command('experiment')
    .description('run experiments: a scenario, what is varied in it, and tables of what that changes')
    .argument(
      '[name...]',
      "the package's experiments, or files of your own: *.yaml; all of the package's where none is named",
    )
    .option('--out <folder>', 'write NAME/results.json, tables.txt and report.html there')
    .option('--json', 'print the results as JSON instead of the tables')
    .option('--check', 'exit 1 unless every claim of the experiments holds')
    .action(async (names: string[], options: ExperimentOptions) => {
      process.exitCode = await experiment(names, options)
    })
  program
    .command('bench')
    .description('measure against what else there is')
    .argument('[what]', 'rings, copy, shaper, bond, sim or control; all where it is left out')
    .option('--rounds <n>', 'measurements of each figure', parseRounds)
    .option('--at <sizes>', 'messages a call, bytes, buckets or vifs, as in 1,8,64', parseSizes)
    .option('--out <path>', 'FILE.json, FILE.html with charts, or a folder for both')
    .option('--json', 'print the results as JSON instead of tables')
    .option('--programs <folder>', 'where the C++ programs are, built already; else CMake builds them')
    .action(async (what: string | undefined, options: BenchCommandOptions) => {
      process.exitCode = await bench(what, options)
    })
  return program
}

/** Says what went wrong and returns the exit code. */
function tellError(error: unknown, isDebug: boolean): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2 // commander has said it
  const isUsage = error instanceof UsageError || (error instanceof RingbackError && usageCodes.has(error.code))
  const isExpected = isUsage || error instanceof RingbackError
  const message = oneLine(error instanceof Error ? error.message : String(error))
  if (isDebug) process.stderr.write(`${inspect(error)}\n`)
  else process.stderr.write(`error: ${message}${isExpected ? '' : ' (more with --debug)'}\n`)
  return isUsage ? 2 : 1
}

async function main(): Promise<void> {
  // A reader that has seen enough (`| head`) is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit()
  })
  const program = buildProgram()
  try {
    await program.parseAsync()
  } catch (error) {
    const isDebug = Boolean(program.opts<{ debug?: boolean }>().debug) || process.env.RINGBACK_DEBUG === '1'
    process.exitCode = tellError(error, isDebug)
  }
}

await main()
