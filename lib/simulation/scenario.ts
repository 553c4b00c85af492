import type { BondConfig } from '../bonding/config.ts'
import type { CreditRate } from '../units.ts'
import type { ScenarioControl, ScenarioEvent } from './scenario-control.ts'
import type { ScenarioSource } from './scenario-traffic.ts'

export interface ScenarioNic {
  name: string
  rateBps: number
  queueBytes: number
  propagationNs: number
  overheadBytes: number
}

export type ScenarioBond = BondConfig

export interface ScenarioBridge {
  name: string
  /** The names of the NICs and bonds that are its ports; every vif whose uplink it is is a port too. */
  nics: string[]
  /** How long an address is kept after its last frame; 0: none is learned. */
  ageingNs: number
}

export interface ScenarioVif {
  name: string
  /** The name of its NIC, bond or bridge. */
  uplink: string
  /** Xen's cap; null: none. */
  rate: CreditRate | null
  /** What it is guaranteed of what its guest sends, at most its cap; null: nothing. */
  minBps: number | null
  /** Its part of what is left beside the mins, 1 to 10000. */
  weight: number
  ringOrder: number
  backlogPackets: number
  /** HZ of the Linux clock to emulate; 0: nanoseconds. */
  jiffiesHz: number
  /** Pairs of rings, 1 to 8. */
  queues: number
  /** Two event channels a queue, or one. */
  splitEventChannels: boolean
  /** Frames that the back end takes at most at a time, 1 to 64. */
  batch: number
  /** Whether a side is notified when it asked to be, or of all that the other side puts on a ring. */
  notifications: 'suppressed' | 'always'
  /** Slots of its transmit rings that the guest uses at most; null: all. */
  txSlots: number | null
}

/** What the back ends' work costs. */
export interface ScenarioCosts {
  /** Picoseconds for each packet. */
  packetPs: number
  /** Picoseconds for each byte that is copied. */
  bytePs: number
  /** Picoseconds for each event that is handled or sent. */
  notifyPs: number
  cores: number
}

/** A checked scenario: every default filled in, every quantity a number. */
export interface Scenario {
  name: string
  durationNs: number
  seed: number
  payload: 'copy' | 'none'
  /** null: the back ends' work takes no time. */
  costs: ScenarioCosts | null
  nics: ScenarioNic[]
  bonds: ScenarioBond[]
  bridges: ScenarioBridge[]
  vifs: ScenarioVif[]
  traffic: ScenarioSource[]
  /** By time; those of one time in the order of the file. */
  events: ScenarioEvent[]
  control: ScenarioControl
  output: {
    intervalNs: number
    /** Names of the NICs and vifs whose frames are written as pcap; absent: none. */
    pcap?: { nics: string[]; vifs: string[] }
  }
}
