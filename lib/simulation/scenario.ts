import { dirname, resolve } from 'node:path'

import { checkObject, checkText } from '../arguments.ts'
import { RingbackError } from '../errors.ts'
import { quote } from '../quote.ts'
import { formatDuration } from '../units.ts'
import type { CreditRate } from '../units.ts'
import { list, pathName, problemsOf } from './scenario-problems.ts'
import type { Problem } from './scenario-problems.ts'
import { scenarioSchema } from './schema.ts'
import type { CheckedInput } from './schema.ts'
import { parseYaml } from './yaml-source.ts'
import type { Path } from './yaml-source.ts'

export interface ScenarioNic {
  name: string
  rateBps: number
  queueBytes: number
  propagationNs: number
  overheadBytes: number
}

export interface ScenarioVif {
  name: string
  /** The name of its NIC. */
  uplink: string
  /** Xen's cap; null: none. */
  rate: CreditRate | null
  ringOrder: number
  backlogPackets: number
  /** HZ of the Linux clock to emulate; 0: nanoseconds. */
  jiffiesHz: number
}

interface SourceBase {
  /** The name of its vif. */
  vif: string
  startNs: number
  /** null: the end of the run. */
  stopNs: number | null
}

export interface ConstantSource extends SourceBase {
  kind: 'constant'
  rateBps: number
  sizeBytes: number
  flows: number
  /** Each frame is late by a random part of the distance between two, below this fraction. */
  jitter: number
}

export interface ReplaySource extends SourceBase {
  kind: 'replay'
  /** Absolute path of the capture. */
  pcap: string
  /** Source MAC of the frames to replay: lower case, with colons. */
  guest: string
  loop: boolean
  speed: number
  /** Where the scenario names the capture, for messages: `web.yaml:12: traffic[0].pcap`. */
  origin: string
}

export type ScenarioSource = ConstantSource | ReplaySource

/** A checked scenario: every default filled in, every quantity a number. */
export interface Scenario {
  name: string
  durationNs: number
  seed: number
  payload: 'copy' | 'none'
  nics: ScenarioNic[]
  vifs: ScenarioVif[]
  traffic: ScenarioSource[]
  output: { intervalNs: number }
}

const maxNics = 256
/** The driver domain has 4096 event channel ports, the first of them reserved. */
const maxVifs = 4095
const maxSources = 65536
/** Numbers that the series of one run may hold: 80 MB. */
const maxSeriesNumbers = 10_000_000

/** Of a file that is wrong everywhere, the first few are enough to find one near its beginning. */
const maxSortedProblems = 100

/** How a place in the scenario is called in messages. */
type Locate = (path: Path) => string

/**
 * Reads a scenario written in YAML.
 *
 * @param text - the YAML
 * @param options.file - the file's path: its name in messages, and captures are relative to its folder
 * @throws {@link RingbackError} ERR_SCENARIO with one line, `file:line: what; how to fix`: the first problem in the file
 * @example parseScenario(await readFile('web.yaml', 'utf8'), { file: 'web.yaml' })
 */
export function parseScenario(text: string, options: { file: string }): Scenario {
  checkText(text, 'text')
  checkObject(options, 'options')
  const { file } = options
  checkText(file, 'options.file')
  const source = parseYaml(text, file)
  const locate: Locate = (path) => `${file}:${source.lineOf(path)}${path.length > 0 ? `: ${pathName(path)}` : ''}`
  return check(source.value, dirname(resolve(file)), locate, (path) => source.lineOf(path))
}

/**
 * Checks a scenario given as an object with the same keys and words as the YAML.
 *
 * @param input - a {@link ScenarioInput}; anything else is refused with a message
 * @param options.directory - what captures' paths are relative to
 * @throws {@link RingbackError} ERR_SCENARIO, `path: what; how to fix`
 * @example checkScenario({ name: 'a', duration: '1s', nics: { eth0: { rate: '1Gb/s' } }, vifs: { web: { uplink: 'eth0' } }, traffic: [] })
 */
export function checkScenario(input: unknown, options: { directory?: string } = {}): Scenario {
  checkObject(options, 'options')
  const { directory = '.' } = options
  checkText(directory, 'options.directory')
  return check(input, resolve(directory), (path) => pathName(path) || 'scenario')
}

function check(input: unknown, directory: string, locate: Locate, order: (path: Path) => number = () => 0): Scenario {
  const fail = (problems: Problem[]): never => {
    const [first] = problems.slice(0, maxSortedProblems).toSorted((a, b) => order(a.path) - order(b.path))
    throw new RingbackError('ERR_SCENARIO', `${locate(first?.path ?? [])}: ${first?.message ?? 'not a scenario'}`)
  }
  const result = scenarioSchema.safeParse(input)
  if (!result.success) return fail(problemsOf(result.error.issues, input))
  const problems = [...countProblems(result.data), ...referenceProblems(result.data), ...timeProblems(result.data)]
  if (problems.length > 0) fail(problems)
  return toScenario(result.data, directory, locate)
}

function countProblems(input: CheckedInput): Problem[] {
  const counted = [
    { key: 'nics', count: Object.keys(input.nics).length, least: 1, most: maxNics },
    { key: 'vifs', count: Object.keys(input.vifs).length, least: 1, most: maxVifs },
    { key: 'traffic', count: input.traffic.length, least: 1, most: maxSources },
  ]
  return counted
    .filter(({ count, least, most }) => count < least || count > most)
    .map(({ key, count, least, most }) => ({
      path: [key],
      message: `has ${count} entries; write ${least} to ${most}`,
    }))
}

function referenceProblems(input: CheckedInput): Problem[] {
  const [nics, vifs] = [Object.keys(input.nics), Object.keys(input.vifs)]
  const missing = (path: Path, name: string, what: string, names: string[]): Problem => ({
    path,
    message: `there is no ${what} ${quote(name)}; the ${what}s are ${list(names)}`,
  })
  return [
    ...Object.entries(input.vifs)
      .filter(([, { uplink }]) => !nics.includes(uplink))
      .map(([name, { uplink }]) => missing(['vifs', name, 'uplink'], uplink, 'NIC', nics)),
    ...input.traffic.flatMap(({ vif }, i) =>
      Object.hasOwn(input.vifs, vif) ? [] : [missing(['traffic', i, 'vif'], vif, 'vif', vifs)],
    ),
  ]
}

function timeProblems(input: CheckedInput): Problem[] {
  const end = formatDuration(input.duration)
  const problems = input.traffic.flatMap(({ start, stop }, i): Problem[] => {
    const time = formatDuration(start)
    if (start >= input.duration)
      return [{ path: ['traffic', i, 'start'], message: `${time} is not within the run; start before ${end}` }]
    if (stop !== undefined && stop <= start)
      return [{ path: ['traffic', i, 'stop'], message: `stops before it starts; stop after ${time}` }]
    return []
  })
  const samples = Math.ceil(input.duration / input.output.interval)
  const numbers = samples * (1 + 3 * Object.keys(input.vifs).length + Object.keys(input.nics).length)
  if (numbers <= maxSeriesNumbers) return problems
  const longer = formatDuration(input.output.interval * Math.ceil(numbers / maxSeriesNumbers))
  const message = `would record ${samples} samples of every vif and NIC; use ${longer} or more`
  return [...problems, { path: ['output', 'interval'], message }]
}

function toScenario(input: CheckedInput, directory: string, locate: Locate): Scenario {
  return {
    name: input.name,
    durationNs: input.duration,
    seed: input.seed,
    payload: input.payload,
    nics: Object.entries(input.nics).map(([name, nic]) => ({
      name,
      rateBps: nic.rate,
      queueBytes: nic.queue,
      propagationNs: nic.propagation,
      overheadBytes: nic.overhead,
    })),
    vifs: Object.entries(input.vifs).map(([name, vif]) => ({
      name,
      uplink: vif.uplink,
      rate: vif.rate ?? null,
      ringOrder: vif.ringOrder,
      backlogPackets: vif.backlog,
      jiffiesHz: vif.jiffies ?? 0,
    })),
    traffic: input.traffic.map((source, i) => toSource(source, directory, locate(['traffic', i, 'pcap']))),
    output: { intervalNs: input.output.interval },
  }
}

function toSource(source: CheckedInput['traffic'][number], directory: string, origin: string): ScenarioSource {
  const base: SourceBase = { vif: source.vif, startNs: source.start, stopNs: source.stop ?? null }
  if (source.kind === 'constant') {
    const { rate, size, flows, jitter } = source
    return { kind: 'constant', ...base, rateBps: rate, sizeBytes: size, flows, jitter }
  }
  const { pcap, guest, loop, speed } = source
  const mac = guest.toLowerCase().replaceAll('-', ':')
  return { kind: 'replay', ...base, pcap: resolve(directory, pcap), guest: mac, loop, speed, origin }
}
