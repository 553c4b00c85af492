import { linuxModes } from '../bonding/options.ts'
import { RingbackError } from '../errors.ts'
import { quote } from '../quote.ts'
import type { BondedNic, SimulatedBond } from '../simulation/simulated-bond.ts'
import type { NicCounters, SimulatedNic } from '../simulation/simulated-nic.ts'
import type { SimulatedVif, VifCounters } from '../simulation/simulated-vif.ts'
import type { Simulation } from '../simulation/simulation.ts'
import { formatCap, formatDuration, formatRate } from '../units.ts'
import type { ControlFolder, ControlTarget, ControlValue } from './control-target.ts'

/**
 * A simulation as a control tree shows it: `vif/NAME`, `nic/NAME` and `bond/NAME` with a file a value, and `time`. docs/control.md has
 * the list. What is written takes effect at the time that the simulation has reached.
 */
export function simulationTarget(simulation: Simulation): ControlTarget {
  const time = { name: 'time', read: () => formatDuration(simulation.nowNs) }
  return {
    folders: [
      { path: '', values: [time] },
      ...Object.values(simulation.nics).map((nic) => nicFolder(simulation, nic)),
      ...Object.values(simulation.bonds).flatMap(bondFolders),
      ...Object.values(simulation.vifs).map((vif) => vifFolder(simulation, vif)),
    ],
  }
}

/** No cap, no min. */
const none = 'none'
const rateOrNone = (bps: number | null): string => (bps === null ? none : formatRate(bps))
const flag = (isTrue: boolean): string => (isTrue ? '1' : '0')

/** How much a sum grew a second, between the last two samples. */
class Meter {
  readonly #simulation: Simulation
  #lastNs = 0
  #last = 0
  perSecond = 0

  constructor(simulation: Simulation) {
    this.#simulation = simulation
  }

  sample(sum: number): void {
    const elapsedNs = this.#simulation.nowNs - this.#lastNs
    if (elapsedNs <= 0) return
    this.perSecond = ((sum - this.#last) * 1e9) / elapsedNs
    this.#lastNs += elapsedNs
    this.#last = sum
  }
}

function vifFolder(simulation: Simulation, vif: SimulatedVif): ControlFolder {
  let counters = vif.counters()
  const demand = new Meter(simulation)
  const throughput = new Meter(simulation)
  return {
    path: `vif/${vif.name}`,
    sample: () => {
      counters = vif.counters()
      demand.sample(counters.tx.offeredBytes)
      throughput.sample(counters.tx.deliveredBytes)
    },
    values: [
      {
        name: 'rate',
        read: () => (vif.rate ? formatCap(vif.rate) : none),
        write: (text) => vif.setRate(text === none ? null : text),
      },
      {
        name: 'min',
        read: () => rateOrNone(vif.min),
        write: (text) => vif.setMin(text === none || text === '0' ? null : text),
      },
      { name: 'weight', read: () => `${vif.weight}`, write: (text) => vif.setWeight(parseWeight(text)) },
      { name: 'uplink', read: () => vif.uplink },
      { name: 'allocation', read: () => rateOrNone(vif.allocationBps) },
      { name: 'busy', read: () => flag(vif.isBusy) },
      { name: 'demand', read: () => formatRate(demand.perSecond * 8) },
      { name: 'throughput', read: () => formatRate(throughput.perSecond * 8) },
      { name: 'carrier', read: () => flag(vif.carrier) },
      { name: 'fault', read: () => vif.fault ?? none },
      ...vifStatistics(() => counters),
    ],
  }
}

/** By Linux's names where it has one. tx is what the guest sends. */
function vifStatistics(counters: () => VifCounters): ControlValue[] {
  const both = (['tx', 'rx'] as const).flatMap((direction) => {
    const flow = () => counters()[direction]
    return [
      { name: `${direction}_packets`, read: () => `${flow().deliveredPackets}` },
      { name: `${direction}_bytes`, read: () => `${flow().deliveredBytes}` },
      { name: `${direction}_dropped`, read: () => `${flow().droppedPackets}` },
      { name: `${direction}_queued`, read: () => `${flow().queuedPackets}` },
    ]
  })
  return [...both, { name: 'tx_held_back', read: () => formatDuration(counters().heldBackSeconds * 1e9) }]
}

function nicFolder(simulation: Simulation, nic: SimulatedNic): ControlFolder {
  let counters = nic.counters()
  const busy = new Meter(simulation)
  const receiveBusy = new Meter(simulation)
  return {
    path: `nic/${nic.name}`,
    sample: () => {
      counters = nic.counters()
      busy.sample(nic.busySeconds)
      receiveBusy.sample(nic.receiveBusySeconds)
    },
    values: [
      { name: 'rate', read: () => formatRate(nic.rateBps), write: (text) => nic.setRate(text) },
      { name: 'link', read: () => nic.link, write: (text) => nic.setLink(parseLink(text)) },
      { name: 'carrier', read: () => flag(nic.link === 'up') },
      // Linux has it in Mb/s, and -1 where there is no link.
      { name: 'speed', read: () => (nic.link === 'up' ? `${Math.floor(nic.rateBps / 1e6)}` : '-1') },
      { name: 'utilisation', read: () => percent(busy.perSecond) },
      { name: 'receive_utilisation', read: () => percent(receiveBusy.perSecond) },
      ...nicStatistics(() => counters),
    ],
  }
}

const percent = (part: number): string => `${(part * 100).toFixed(1)}%`

/** By Linux's names. */
function nicStatistics(counters: () => NicCounters): ControlValue[] {
  return [
    { name: 'tx_packets', read: () => `${counters().sentPackets}` },
    { name: 'tx_bytes', read: () => `${counters().sentBytes}` },
    { name: 'tx_dropped', read: () => `${counters().drops}` },
    { name: 'rx_packets', read: () => `${counters().receivedPackets}` },
    { name: 'rx_bytes', read: () => `${counters().receivedBytes}` },
    { name: 'rx_dropped', read: () => `${counters().receiveDrops}` },
    { name: 'carrier_errors', read: () => `${counters().linkDrops}` },
  ]
}

/** A bond's folder and one for each of its NICs, by the names of Linux's `bonding` and `bonding_slave` in /sys/class/net. */
function bondFolders(bond: SimulatedBond): ControlFolder[] {
  const path = `bond/${bond.name}`
  let { counters, nics } = { counters: bond.counters(), nics: bond.nics }
  const sample = (): void => {
    counters = bond.counters()
    nics = bond.nics
  }
  const own = {
    path,
    sample,
    values: [
      { name: 'mode', read: () => modeText(bond.mode) },
      { name: 'slaves', read: () => nics.map(({ name }) => name).join(' ') },
      { name: 'active_slave', read: () => bond.activeNic ?? none },
      { name: 'mii_status', read: () => (bond.capacityBps > 0 ? 'up' : 'down') },
      { name: 'capacity', read: () => formatRate(bond.capacityBps) },
      { name: 'tx_packets', read: () => `${counters.sentPackets}` },
      { name: 'tx_bytes', read: () => `${counters.sentBytes}` },
      { name: 'tx_dropped', read: () => `${counters.drops}` },
      { name: 'rx_inactive', read: () => `${counters.inactiveDrops}` },
      { name: 'reordered', read: () => `${counters.reordered}` },
      { name: 'failovers', read: () => `${counters.failovers}` },
      { name: 'own_frames', read: () => `${counters.ownFrames}` },
    ],
  }
  return [own, ...nics.map(({ name }, i) => bondedNicFolder(`${path}/nics/${name}`, () => nics[i]))]
}

function bondedNicFolder(path: string, nic: () => BondedNic | undefined): ControlFolder {
  return {
    path,
    values: [
      { name: 'state', read: () => (nic()?.isActive ? 'active' : 'backup') },
      { name: 'mii_status', read: () => linkWords[nic()?.link ?? 'down'] },
      { name: 'link_failure_count', read: () => `${nic()?.linkFailures ?? 0}` },
      { name: 'ad_aggregator_id', read: () => `${nic()?.aggregator ?? 0}` },
    ],
  }
}

/** Source: bond_slave_link_status */
const linkWords: Record<BondedNic['link'], string> = {
  up: 'up',
  fail: 'going down',
  down: 'down',
  back: 'going back',
}

/** `active-backup 1`, as Linux shows it; a mode of ours has no number. */
function modeText(mode: SimulatedBond['mode']): string {
  const number = linuxModes.indexOf(mode)
  return number < 0 ? mode : `${mode} ${number}`
}

function parseWeight(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text)
  throw new RingbackError('ERR_OUT_OF_RANGE', `${quote(text)} is no weight; write a whole number from 1 to 10000`)
}

function parseLink(text: string): 'up' | 'down' {
  if (text === 'up' || text === 'down') return text
  throw new RingbackError('ERR_OUT_OF_RANGE', `${quote(text)} is no state of a link; write up or down`)
}
