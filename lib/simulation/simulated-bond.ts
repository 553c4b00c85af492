import type { BondMode } from '../bonding/options.ts'
import { Counters } from './counters.ts'
import type { NativeWorld } from './native-binding.ts'
import type { ScenarioBond } from './scenario.ts'
import type { WorldHandle } from './world-handle.ts'

/** What went through a bond up to now. */
export interface BondCounters {
  /** Packets that were given to its NICs, copies too. */
  sentPackets: number
  sentBytes: number
  /** Packets that none of its NICs could take. */
  drops: number
  droppedBytes: number
  /** Packets that came in where it does not listen: on a NIC that is not in use. */
  inactiveDrops: number
  inactiveDroppedBytes: number
  /** Packets that arrive behind the wires before an earlier one of their flow. */
  reordered: number
  /** Times that traffic had to move: changes of the NIC in use; in modes that use all, NICs lost while others went on. */
  failovers: number
  /** Packets that the bond sent itself: gratuitous ARP, learning frames. */
  ownFrames: number
}

/** What a bond is now. */
export interface BondState {
  /** What it carries, as far as it knows, in bits a second. */
  capacityBps: number
  /** The NIC that is in use, in modes that use one; null: none. */
  activeNic: string | null
  /** NICs that it takes to be up. */
  upNics: number
}

/** A NIC as its bond sees it. */
export interface BondedNic {
  name: string
  /** Whether it is up; fail and back: it is on the way to down, or up again, for downdelay and updelay. */
  link: 'up' | 'fail' | 'down' | 'back'
  isActive: boolean
  /** How often the bond has seen it lose its link. */
  linkFailures: number
  /** Of 802.3ad: which NICs are used together. */
  aggregator: number
  /** Of 802.3ad: what was agreed on with the other end. */
  lacp: string
}

/** A bond of a {@link Simulation}. Once that is closed everything here throws RingbackError ERR_CLOSED. */
export class SimulatedBond {
  /** As the scenario calls it. */
  readonly name: string
  readonly mode: BondMode
  readonly #bond: ScenarioBond
  readonly #row: number
  readonly #handle: WorldHandle

  constructor(handle: WorldHandle, bond: ScenarioBond, row: number) {
    this.name = bond.name
    this.mode = bond.mode
    this.#bond = bond
    this.#row = row
    this.#handle = handle
  }

  /** Packets and bytes up to now. */
  counters(): BondCounters {
    return bondCountersOf(countersOf(this.#handle.world), this.#row)
  }

  /** What it carries, as far as it knows, in bits a second. */
  get capacityBps(): number {
    return this.#state.capacityBps
  }

  /** The NIC that is in use, in modes that use one; null: none. */
  get activeNic(): string | null {
    return this.#state.activeNic
  }

  /** NICs that it takes to be up. */
  get upNics(): number {
    return this.#state.upNics
  }

  /** Its NICs as it sees them, in the scenario's order. */
  get nics(): BondedNic[] {
    return this.#handle.world.bondNics(this.#row).map(({ active, ...nic }, i) => ({
      ...nic,
      name: this.#bond.nics[i] ?? '',
      isActive: active,
    }))
  }

  get #state(): BondState {
    return bondStateOf(countersOf(this.#handle.world), this.#row, this.#bond)
  }
}

const countersOf = ({ bondCounters, bondCounterNames }: NativeWorld): Counters =>
  new Counters(bondCounters, bondCounterNames)

/** The counters of bond `row`. */
export function bondCountersOf(counters: Counters, row: number): BondCounters {
  const get = (name: string): number => counters.get(row, name)
  return {
    sentPackets: get('sentPackets'),
    sentBytes: get('sentBytes'),
    drops: get('droppedPackets'),
    droppedBytes: get('droppedBytes'),
    inactiveDrops: get('inactivePackets'),
    inactiveDroppedBytes: get('inactiveBytes'),
    reordered: get('reorderedPackets'),
    failovers: get('failovers'),
    ownFrames: get('ownFrames'),
  }
}

/** What bond `row` is now. */
export function bondStateOf(counters: Counters, row: number, { nics }: Pick<ScenarioBond, 'nics'>): BondState {
  return {
    capacityBps: counters.get(row, 'capacityBps'),
    activeNic: nics[counters.get(row, 'activeNic') - 1] ?? null,
    upNics: counters.get(row, 'upNics'),
  }
}
