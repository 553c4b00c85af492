import { formatDuration } from '../units.ts'
import { bondOfNics, bondPlaceProblems } from './bond-checks.ts'
import { captureFiles } from './capture-files.ts'
import { controlProblems } from './control-checks.ts'
import { eventProblems } from './event-checks.ts'
import { minProblems } from './min-checks.ts'
import { list, missing } from '../reading/problems.ts'
import type { Problem } from '../reading/problems.ts'
import type { CheckedInput } from './schema.ts'
import { trafficProblems } from './traffic-checks.ts'
import type { Path } from '../reading/yaml-source.ts'

// What the schema cannot see: how many there are, and whether what is named is there and fits together.

const maxNics = 256
const maxBonds = 256
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
/** Columns of a vif, of a NIC and of a bond. */
const vifColumns = 7
const nicColumns = 3
const bondColumns = 4

const countOf = (section: object): number => Object.keys(section).length

/** Everything that is wrong with a scenario whose values are well-formed. */
export function problemsIn(input: CheckedInput): Problem[] {
  const wrongBonds = bondPlaceProblems(input)
  return [
    ...countProblems(input),
    ...wrongBonds,
    ...bridgeProblems(input),
    ...uplinkProblems(input),
    ...eventPortProblems(input),
    ...txSlotsProblems(input),
    ...trafficProblems(input),
    // What a wrong bond carries nobody knows.
    ...(wrongBonds.length > 0 ? [] : minsAndEventsProblems(input)),
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
    { key: 'bonds', count: countOf(input.bonds), least: 0, most: maxBonds },
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
  const { nics, bonds, bridges } = input
  const bondOf = bondOfNics(input)
  const bridgeOf = new Map<string, string>()
  return Object.entries(bridges).flatMap(([name, { nics: ports }]): Problem[] => {
    const path: Path = ['bridges', name]
    const problems = ports.flatMap((port, i): Problem[] => {
      const here: Path = [...path, 'nics', i]
      const bond = bondOf.get(port)
      if (bond !== undefined) return [{ path: here, message: `${port} is in bond ${bond}; write the bond, ${bond}` }]
      if (!Object.hasOwn(nics, port) && !Object.hasOwn(bonds, port)) return [missing(here, port, waysOut(input))]
      const owner = bridgeOf.get(port)
      if (owner !== undefined)
        return [{ path: here, message: `${port} is a port of bridge ${owner} already; leave it out here` }]
      bridgeOf.set(port, name)
      return []
    })
    for (const [what, section] of Object.entries(waysOut(input)))
      if (Object.hasOwn(section, name))
        problems.push({ path, message: `there is a ${what} of this name; call the bridge something else, as in br0` })
    const vifs = Object.values(input.vifs).filter(({ uplink }) => uplink === name).length
    if (ports.length + vifs > maxBridgePorts)
      problems.push({
        path,
        message: `has ${ports.length + vifs} ports, ${ports.length} NICs and ${vifs} vifs; a bridge has at most ${maxBridgePorts}: use several`,
      })
    return problems
  })
}

/** What leads out of the host, for messages. */
function waysOut({ nics, bonds }: CheckedInput): Record<string, object> {
  return countOf(bonds) > 0 ? { NIC: nics, bond: bonds } : { NIC: nics }
}

function uplinkProblems(input: CheckedInput): Problem[] {
  const { nics, bonds, bridges, vifs } = input
  const bondOf = bondOfNics(input)
  const bridgeOf = new Map(
    Object.entries(bridges).flatMap(([name, { nics: ports }]) => ports.map((port) => [port, name])),
  )
  return Object.entries(vifs).flatMap(([name, { uplink }]): Problem[] => {
    const path: Path = ['vifs', name, 'uplink']
    const bond = bondOf.get(uplink)
    if (bond !== undefined) {
      const way = bridgeOf.get(bond) ?? bond
      return [{ path, message: `${uplink} is in bond ${bond}; write uplink: ${way}` }]
    }
    const bridge = bridgeOf.get(uplink)
    if (bridge !== undefined)
      return [{ path, message: `${uplink} is a port of bridge ${bridge}; write the bridge, uplink: ${bridge}` }]
    if ([nics, bonds, bridges].some((section) => Object.hasOwn(section, uplink))) return []
    return [missing(path, uplink, { ...waysOut(input), ...(countOf(bridges) > 0 && { bridge: bridges }) })]
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

function seriesProblems({ duration, output, nics, bonds, vifs }: CheckedInput): Problem[] {
  const samples = Math.ceil(duration / output.interval)
  const columns = vifColumns * countOf(vifs) + nicColumns * countOf(nics) + bondColumns * countOf(bonds)
  const numbers = samples * (1 + columns)
  if (numbers <= maxSeriesNumbers) return []
  const longer = formatDuration(output.interval * Math.ceil(numbers / maxSeriesNumbers))
  const message = `would record ${samples} samples of every vif and NIC; use ${longer} or more`
  return [{ path: ['output', 'interval'], message }]
}

function pcapProblems({ output, nics, bonds, vifs }: CheckedInput): Problem[] {
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
      const bond = key === 'nics' && Object.hasOwn(bonds, name) ? bonds[name] : undefined
      if (bond) return [{ path, message: `${name} is a bond; name its NICs instead, ${list(bond.nics)}` }]
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
