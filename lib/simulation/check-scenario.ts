import { dirname, resolve } from 'node:path'

import { checkObject, checkText } from '../arguments.ts'
import { toBond } from '../bonding/to-bond.ts'
import { RingbackError } from '../errors.ts'
import type { Scenario, ScenarioCosts } from './scenario.ts'
import { problemsIn } from './scenario-checks.ts'
import { toControl, toEvents } from './scenario-control.ts'
import { pathName, problemsOf } from '../reading/problems.ts'
import type { Problem } from '../reading/problems.ts'
import { toSource } from './scenario-traffic.ts'
import { scenarioVocabulary } from './scenario-problems.ts'
import { scenarioSchema } from './schema.ts'
import type { CheckedInput } from './schema.ts'
import { parseYaml } from '../reading/yaml-source.ts'
import type { FileKind, Path } from '../reading/yaml-source.ts'

/** What a scenario's file is called in messages. */
export const scenarioFile: FileKind = { code: 'ERR_SCENARIO', noun: 'a scenario', examples: 'examples/' }

/** Of a file that is wrong everywhere, the first few are enough to find one near its beginning. */
const maxSortedProblems = 100

/** How a place in the scenario is called in messages. */
export type Locate = (path: Path) => string

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
  const source = parseYaml(text, file, scenarioFile)
  const locate: Locate = (path) => `${file}:${source.lineOf(path)}${path.length > 0 ? `: ${pathName(path)}` : ''}`
  return checkLocated(source.value, dirname(resolve(file)), locate, (path) => source.lineOf(path))
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
  return checkLocated(input, resolve(directory), (path) => pathName(path) || 'scenario')
}

/**
 * Checks a scenario that stands somewhere else than in a file of its own.
 *
 * @param directory - what captures' paths are relative to
 * @param order - of two problems that with the lower number is told
 * @throws {@link RingbackError} ERR_SCENARIO, `locate(path): what; how to fix`
 */
export function checkLocated(
  input: unknown,
  directory: string,
  locate: Locate,
  order: (path: Path) => number = () => 0,
): Scenario {
  const fail = (problems: Problem[]): never => {
    const [first] = problems.slice(0, maxSortedProblems).toSorted((a, b) => order(a.path) - order(b.path))
    throw new RingbackError('ERR_SCENARIO', `${locate(first?.path ?? [])}: ${first?.message ?? 'not a scenario'}`)
  }
  const result = scenarioSchema.safeParse(input)
  if (!result.success) return fail(problemsOf(result.error.issues, input, scenarioVocabulary))
  const problems = problemsIn(result.data)
  if (problems.length > 0) fail(problems)
  return toScenario(result.data, directory, locate)
}

function toScenario(input: CheckedInput, directory: string, locate: Locate): Scenario {
  return {
    name: input.name,
    durationNs: input.duration,
    seed: input.seed,
    payload: input.payload,
    costs: input.costs ? toCosts(input.costs) : null,
    nics: Object.entries(input.nics).map(([name, nic]) => ({
      name,
      rateBps: nic.rate,
      queueBytes: nic.queue,
      propagationNs: nic.propagation,
      overheadBytes: nic.overhead,
    })),
    bonds: Object.entries(input.bonds).map(([name, bond]) => toBond(name, bond)),
    bridges: Object.entries(input.bridges).map(([name, { nics, ageing }]) => ({ name, nics, ageingNs: ageing })),
    vifs: Object.entries(input.vifs).map(([name, vif]) => ({
      name,
      uplink: vif.uplink,
      rate: vif.rate ?? null,
      minBps: vif.min ?? null,
      weight: vif.weight,
      ringOrder: vif.ringOrder,
      backlogPackets: vif.backlog,
      jiffiesHz: vif.jiffies ?? 0,
      queues: vif.queues,
      splitEventChannels: vif.splitEventChannels,
      batch: vif.batch,
      notifications: vif.notifications,
      txSlots: vif.txSlots ?? null,
    })),
    traffic: input.traffic.map((source, i) => toSource(source, directory, locate(['traffic', i, 'pcap']))),
    events: toEvents(input),
    control: toControl(input),
    output: { intervalNs: input.output.interval, ...(input.output.pcap && { pcap: input.output.pcap }) },
  }
}

function toCosts({ packet, byte, notify, cores }: NonNullable<CheckedInput['costs']>): ScenarioCosts {
  return { packetPs: packet, bytePs: byte, notifyPs: notify, cores }
}
