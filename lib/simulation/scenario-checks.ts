import { formatDuration } from '../units.ts'
import { captureFiles } from './capture-files.ts'
import { controlProblems } from './control-checks.ts'
import { eventProblems } from './event-checks.ts'
import { minProblems } from './min-checks.ts'
import { missing } from '../reading/problems.ts'
import type { Problem } from '../reading/problems.ts'
import type { CheckedInput } from './schema.ts'
import { trafficProblems } from './traffic-checks.ts'
import type { Path } from '../reading/yaml-source.ts'

// What the schema cannot see: how many there are, and whether what is named is there and fits together.

const maxNics = 256
const maxBridges = 256
const maxVifs = 4095
const maxSources = 65536
const maxEvents = 65536
/** Linux's BR_MAX_PORTS. */
const maxBridgePorts = 1024
/** The driver domain has 4096 event channel ports, the first of them reserved. */
const maxEventPorts = 4095
/** Of a transmit ring. */
const slotsOfPage = 256
/** Each is written to two files, which are open at a time: Linux lets a process have 1024. */
const maxCaptured = 256
/** Numbers that the series of one run may hold: 160 MB. */
const maxSeriesNumbers = 20_000_000
/** Columns of a vif and of a NIC. */
const vifColumns = 7
const nicColumns = 3

const countOf = (section: object): number => Object.keys(section).length

/** Everything that is wrong with a scenario whose values are well-formed. */
export function problemsIn(input: CheckedInput): Problem[] {
  return [
    ...countProblems(input),
    ...bridgeProblems(input),
    ...uplinkProblems(input),
    ...eventPortProblems(input),
    ...txSlotsProblems(input),
    ...trafficProblems(input),
    ...minsAndEventsProblems(input),
    ...controlProblems(input),
    ...seriesProblems(input),
    ...pcapProblems(input),
  ]
}

/** Events are looked at where the mins that they begin with are right. */
function minsAndEventsProblems(input: CheckedInput): Problem[] {
  const problems = minProblems(input)
  return problems.length > 0 ? problems : eventProblems(input)
}

function countProblems(input: CheckedInput): Problem[] {
  const counted = [
    { key: 'nics', count: countOf(input.nics), least: 1, most: maxNics },
    { key: 'bridges', count: countOf(input.bridges), least: 0, most: maxBridges },
    { key: 'vifs', count: countOf(input.vifs), least: 1, most: maxVifs },
    { key: 'traffic', count: input.traffic.length, least: 1, most: maxSources },
    { key: 'events', count: input.events.length, least: 0, most: maxEvents },
  ]
  return counted
    .filter(({ count, least, most }) => count < least || count > most)
    .map(({ key, count, least, most }) => ({
      path: [key],
      message: `has ${count} entries; write ${least} to ${most}`,
    }))
}

function bridgeProblems(input: CheckedInput): Problem[] {
  const bridgeOfNic = new Map<string, string>()
  return Object.entries(input.bridges).flatMap(([name, { nics }]): Problem[] => {
    const path: Path = ['bridges', name]
    const problems = nics.flatMap((nic, i): Problem[] => {
      const here: Path = [...path, 'nics', i]
      if (!Object.hasOwn(input.nics, nic)) return [missing(here, nic, { NIC: input.nics })]
      const owner = bridgeOfNic.get(nic)
      if (owner !== undefined)
        return [{ path: here, message: `${nic} is a port of bridge ${owner} already; leave it out here` }]
      bridgeOfNic.set(nic, name)
      return []
    })
    if (Object.hasOwn(input.nics, name))
      problems.push({ path, message: `there is a NIC of this name; call the bridge something else, as in br0` })
    const vifs = Object.values(input.vifs).filter(({ uplink }) => uplink === name).length
    if (nics.length + vifs > maxBridgePorts)
      problems.push({
        path,
        message: `has ${nics.length + vifs} ports, ${nics.length} NICs and ${vifs} vifs; a bridge has at most ${maxBridgePorts}: use several`,
      })
    return problems
  })
}

function uplinkProblems({ nics, bridges, vifs }: CheckedInput): Problem[] {
  const bridgeOfNic = new Map(
    Object.entries(bridges).flatMap(([name, { nics: ports }]) => ports.map((nic) => [nic, name])),
  )
  return Object.entries(vifs).flatMap(([name, { uplink }]): Problem[] => {
    const path: Path = ['vifs', name, 'uplink']
    const bridge = bridgeOfNic.get(uplink)
    if (bridge !== undefined)
      return [{ path, message: `${uplink} is a port of bridge ${bridge}; write the bridge, uplink: ${bridge}` }]
    if (Object.hasOwn(nics, uplink) || Object.hasOwn(bridges, uplink)) return []
    return [missing(path, uplink, countOf(bridges) > 0 ? { NIC: nics, bridge: bridges } : { NIC: nics })]
  })
}

function txSlotsProblems({ vifs }: CheckedInput): Problem[] {
  return Object.entries(vifs).flatMap(([name, { ringOrder, txSlots = 0 }]): Problem[] => {
    const entries = slotsOfPage * 2 ** ringOrder
    if (txSlots <= entries) return []
    const message = `${txSlots} is more than the ${entries} slots of a ring with ringOrder: ${ringOrder}; write 17 to ${entries}, or a higher ringOrder`
    return [{ path: ['vifs', name, 'txSlots'], message }]
  })
}

/** What a vif takes in the driver domain: for its rings and, with several queues, its control ring. */
function eventPortsOf({ queues }: { queues: number }, splitEventChannels: boolean): number {
  return queues * (splitEventChannels ? 2 : 1) + (queues > 1 ? 1 : 0)
}

function eventPortProblems({ vifs }: CheckedInput): Problem[] {
  const all = Object.values(vifs)
  const sum = (ports: (vif: (typeof all)[number]) => number): number => all.reduce((n, vif) => n + ports(vif), 0)
  const needed = sum((vif) => eventPortsOf(vif, vif.splitEventChannels))
  if (needed <= maxEventPorts || all.length > maxVifs) return []
  const unsplit = sum((vif) => eventPortsOf(vif, false))
  const fix =
    unsplit === needed
      ? 'use fewer vifs or queues'
      : unsplit <= maxEventPorts
        ? `with splitEventChannels: false for all they need ${unsplit}`
        : `use fewer vifs or queues, and splitEventChannels: false`
  const message = `need ${needed} event channel ports of the driver domain, which has ${maxEventPorts}; ${fix}`
  return [{ path: ['vifs'], message }]
}

function seriesProblems({ duration, output, nics, vifs }: CheckedInput): Problem[] {
  const samples = Math.ceil(duration / output.interval)
  const numbers = samples * (1 + vifColumns * countOf(vifs) + nicColumns * countOf(nics))
  if (numbers <= maxSeriesNumbers) return []
  const longer = formatDuration(output.interval * Math.ceil(numbers / maxSeriesNumbers))
  const message = `would record ${samples} samples of every vif and NIC; use ${longer} or more`
  return [{ path: ['output', 'interval'], message }]
}

function pcapProblems({ output, nics, vifs }: CheckedInput): Problem[] {
  if (!output.pcap) return []
  const { pcap } = output
  const count = pcap.nics.length + pcap.vifs.length
  if (count > maxCaptured)
    return [{ path: ['output', 'pcap'], message: `names ${count} NICs and vifs; write at most ${maxCaptured}` }]
  const sections = [
    { key: 'nics', what: 'NIC', names: pcap.nics, known: nics },
    { key: 'vifs', what: 'vif', names: pcap.vifs, known: vifs },
  ]
  const problems = sections.flatMap(({ key, what, names, known }) =>
    names.flatMap((name, i): Problem[] => {
      const path: Path = ['output', 'pcap', key, i]
      if (!Object.hasOwn(known, name)) return [missing(path, name, { [what]: known })]
      return names.indexOf(name) < i ? [{ path, message: `${name} is there twice; keep one of the two` }] : []
    }),
  )
  if (problems.length > 0) return problems
  const files = new Set<string>()
  const twice = captureFiles(pcap).find(({ file }) => files.size === files.add(file).size)?.file
  if (twice === undefined) return []
  return [{ path: ['output', 'pcap', 'nics'], message: `two of these would write ${twice}; leave one out` }]
}
