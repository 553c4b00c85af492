// The simulator's native part (native/sim), as TypeScript sees it. Types only; lib/native.ts loads the class.

/** One NIC: in each direction a byte queue in front of a wire. */
export interface NativeNic {
  rateBps: number
  queueBytes: number
  propagationNs: number
  overheadBytes: number
}

/** Several NICs as one. */
export interface NativeBond {
  /** Indices of NICs. */
  nics: number[]
  mode: string
  xmitHashPolicy: string
  /** 0: links are not looked at. */
  miimonNs: number
  /** Whole multiples of miimonNs, and so is downdelayNs. */
  updelayNs: number
  downdelayNs: number
  /** Which of `nics`; -1: none. */
  primary: number
  primaryReselect: string
  /** 0: at random. */
  packetsPerNic: number
  minLinks: number
  lacpRate: string
  lacpActive: boolean
  adSelect: string
  tlbDynamicLb: boolean
  numGratArp: number
  lpIntervalNs: number
  allNicsActive: boolean
  partner: { lacp: string; lacpRate: string; switches: number[] }
  /** Whether run() stops when it notices that it carries other than before. */
  isWatched: boolean
}

/** A NIC of a bond, as the bond sees it. */
export interface NativeBondNic {
  /** Linux's states of a link: fail and back are on the way to down and up. */
  link: 'up' | 'fail' | 'down' | 'back'
  active: boolean
  linkFailures: number
  aggregator: number
  /** What LACP has agreed on. */
  lacp: string
}

/** A learning bridge. Its NICs and bonds are its ports, and so is every vif whose uplink it is. */
export interface NativeBridge {
  /** Indices of NICs. */
  nics: number[]
  /** Indices of bonds. */
  bonds: number[]
  /** 0: nothing is learned, every frame is flooded. */
  ageingNs: number
}

/** One vif: guest front end, back end, credit shaper. */
export interface NativeVif {
  uplinkKind: 'nic' | 'bond' | 'bridge'
  /** Index of its NIC, bond or bridge. */
  uplink: number
  creditBytes: number
  /** 0: no cap. */
  creditUsec: number
  /** 0: a nanosecond clock. */
  jiffiesHz: number
  ringOrder: number
  /** Of each queue. */
  backlogPackets: number
  /** 1 to 8. */
  queues: number
  splitEventChannels: boolean
  /** 1 to 64. */
  batchFrames: number
  alwaysNotify: boolean
  /** 0: all; otherwise 17 to the ring's. */
  txSlots: number
  /** Index of its uplink's reservations; -1: none, and minBps and weight mean nothing. */
  reserve: number
  /** What is guaranteed to it; 0: nothing. */
  minBps: number
  /** Of the surplus, 1 to 10000. */
  weight: number
}

/** An uplink whose vifs have reservations. */
export interface NativeReserve {
  /** 0: nothing goes. */
  rateBps: number
  overheadBytes: number
  /** How far ahead of the wire surplus is given out, 1 ns to 1 s. */
  horizonNs: number
  /** How much of its guarantee a vif that was idle may use at once, up to 1 s of it. */
  burstNs: number
}

/** What the back ends' work costs, in picoseconds, and the cores that do it. */
export interface NativeCosts {
  packetPs: number
  bytePs: number
  notifyPs: number
  cores: number
}

/** What the cores have done. */
export interface NativeBackEnd {
  cores: number
  busyNs: number
  /** Events that were handled. */
  wakeups: number
  /** Polls of transmit rings and runs of receive queues that found packets. */
  polls: number
  packets: number
}

interface NativeSourceBase {
  vif: number
  direction: 'out' | 'in'
  /** direction in, and bond -1: index of the NIC on which the frames arrive; otherwise 0. */
  nic: number
  /** direction in: index of the bond on one of whose NICs they arrive; -1: `nic` says where. */
  bond: number
  startNs: number
  stopNs: number
}

interface NativeMadeUpSource extends NativeSourceBase {
  rateBps: number
  /** Index of the vif whose address is the other end's; -1: the station outside. */
  peer: number
}

interface NativeTurnsSource extends NativeMadeUpSource {
  /** Frames are of flows 0..flows-1 in turn. */
  flows: number
  /** 0: UDP frames. Above: TCP frames that ask for segments of so many bytes (GSO), up to 65535 bytes a frame. */
  gsoBytes: number
}

/** Frames 0, 1, 2 ... of `sizeBytes` at `rateBps` from startNs on. */
export interface NativeConstantSource extends NativeTurnsSource {
  kind: 'constant'
  sizeBytes: number
  /** Each frame is late by a seeded random time below this, which leaves the rate as it is. */
  jitterNs: number
}

/** Frames with exponentially distributed distances, of sizes at random. */
export interface NativePoissonSource extends NativeTurnsSource {
  kind: 'poisson'
  /** 1 to 16; weights from 1 to 1000. */
  sizes: { sizeBytes: number; weight: number }[]
}

/** Frames at even distances of the time in which it is on. */
export interface NativeOnOffSource extends NativeTurnsSource {
  kind: 'onoff'
  sizeBytes: number
  /** At least the time of a frame at rateBps. */
  onNs: number
  offNs: number
  fixed: boolean
}

/** Flows of random sizes that arrive at random times. */
export interface NativeFlowsSource extends NativeMadeUpSource {
  kind: 'flows'
  /** websearch, datamining, or points. */
  distribution: string
  /** For `points`: of 10^9 flows `share` have at most `bytes`; both rise, from share 0 to 10^9. */
  points: { bytes: number; share: number }[]
  loadBps: number
  sizeBytes: number
  /** Flows at a time, 1 to 4096. */
  active: number
}

/** Frame i is offered at startNs + timesNs[i], and again each loopNs when that is above 0. */
export interface NativeReplaySource extends NativeSourceBase {
  kind: 'replay'
  loopNs: number
  timesNs: BigInt64Array
  sizesBytes: Uint32Array
  /** 128 bytes a frame. */
  headers: Uint8Array
}

/** TCP connections. nic and bond say where what comes from the station outside arrives, in both directions. */
export interface NativeTcpSource extends NativeSourceBase {
  kind: 'tcp'
  /** Index of the vif at the other end; -1: the station outside. */
  peer: number
  /** 1 to 64512 in all. */
  flows: number
  congestion: 'reno' | 'cubic'
  reordering: 'fixed' | 'adaptive' | 'rack'
  sack: boolean
  /** 1000 to 6 * 10^10. */
  rttNs: number
  /** 128 to 65535. */
  sizeBytes: number
  /** sizeBytes to 65535. */
  gsoBytes: number
  /** 2 segments to 2^30 - 1. */
  windowBytes: number
  /** 0: without an end. */
  bytes: number
  delayedAckNs: number
  minRtoNs: number
}

export type NativeSource =
  | NativeConstantSource
  | NativePoissonSource
  | NativeOnOffSource
  | NativeFlowsSource
  | NativeReplaySource
  | NativeTcpSource

/**
 * What is written as pcap: frames that left a NIC, that came to it over the wire, that a guest sent (as put on its ring),
 * or that reached a guest.
 */
export interface NativeCapture {
  kind: 'nic' | 'nic-in' | 'vif-out' | 'vif-in'
  /** Of the NIC or vif. */
  index: number
}

export interface NativeWorldOptions {
  seed: number
  payload: 'copy' | 'none'
  /** Frames carry seeded bytes behind their headers. */
  fillPayload: boolean
  /** null: none. */
  costs: NativeCosts | null
  nics: NativeNic[]
  bonds: NativeBond[]
  bridges: NativeBridge[]
  reserves: NativeReserve[]
  vifs: NativeVif[]
  sources: NativeSource[]
  captures: NativeCapture[]
}

/**
 * Counters of a vif, for DIR in tx, rx and UNIT in Packets, Bytes; cumulative but Queued:
 *   DIROfferedUNIT       what the vif's own sources offered in that direction
 *   DIRArrivedUNIT       frames that a bridge brought from another vif or from a source of another vif
 *   DIRCopiedUNIT        copies that flooding made beyond the first
 *   DIRDeliveredUNIT     tx: left through a NIC and arrived behind its wire; rx: in the guest's hands
 *   DIRForwardedUNIT     handed to another vif by a bridge, where they count as Arrived
 *   DIRQueuedUNIT        on the way
 *   DIRDroppedCAUSEUNIT  CAUSE as in vif-results.ts
 * In each direction offered + arrived + copied = delivered + forwarded + dropped + queued, exactly. Then heldBackNs,
 * notifiesToBack, notifiesToFront, spuriousEvents, txShapedBytes (that the shaper let go).
 */
export interface NativeWorld {
  /**
   * Advances virtual time to `untilNs` (what happens at untilNs itself waits), until about `maxEvents` events, or to the
   * time at which a bond that is watched notices that it carries other than before; nothing else happens first then.
   *
   * @returns the time reached: untilNs when done
   */
  run(untilNs: number, maxEvents: number): number
  /** Whether a bond's new capacity is why the last run() stopped. */
  readonly hasNewCapacity: boolean
  /** Cumulative, row-major: vif v's counter `vifCounterNames[k]` is at v * vifCounterNames.length + k. A live view, refreshed by run(). */
  readonly vifCounters: BigUint64Array
  readonly vifCounterNames: readonly string[]
  readonly nicCounters: BigUint64Array
  readonly nicCounterNames: readonly string[]
  /**
   * Cumulative but capacityBps, activeNic (its number among the bond's + 1; 0: none) and upNics: sentUNIT, droppedUNIT (no
   * NIC could take them), inactiveUNIT (came in where the bond does not listen), reorderedPackets, failovers, ownFrames.
   */
  readonly bondCounters: BigUint64Array
  readonly bondCounterNames: readonly string[]
  /** Its NICs, in their order there. */
  bondNics(bond: number): NativeBondNic[]
  readonly bridgeCounters: BigUint64Array
  readonly bridgeCounterNames: readonly string[]
  /** By vif, of the TCP connections of its sources: see kTcpCounterNames in native/sim/tcp_traffic.h. */
  readonly tcpCounters: BigUint64Array
  readonly tcpCounterNames: readonly string[]
  /** Round trip times that they measured, in nanoseconds, likewise. */
  tcpRtt(vif: number): { p50: number; p99: number; max: number }
  /** Nanoseconds from offer to arrival of delivered frames; percentiles within 1 %, max exact; all 0 where none was. */
  latency(vif: number, direction: 'tx' | 'rx' | 'all'): { p50: number; p99: number; max: number }
  /** Why the vif is dead, as native/vif/fault.h names it; null while it lives. */
  fault(vif: number): string | null
  carrier(vif: number): boolean
  /** null without costs. */
  backEnd(): NativeBackEnd | null
  /** The guest comes back with new rings, as after a fault. What was under way is dropped: Disconnected. */
  reconnect(vif: number): void
  /** Its cap from now on; creditUsec 0: none. */
  setCredit(vif: number, creditBytes: number, creditUsec: number): void
  /** What it is guaranteed and weighs from now on, at its uplink's reservations; where it has none, nothing. */
  setReserve(vif: number, minBps: number, weight: number): void
  /** What an uplink with reservations carries from now on; 0: nothing. */
  setReserveRate(reserve: number, rateBps: number): void
  /** The speed of both directions of its wire from now on. */
  setNicRate(nic: number, rateBps: number): void
  /** Without a link what is on the NIC or its wire is lost, and so is what comes: Link. */
  setNicLink(nic: number, hasLink: boolean): void
  /** pcap bytes of a capture since the last call, whole records; the first ones begin with the file's header. */
  takeCapture(capture: number): Uint8Array
  /** 16 hex digits that depend on everything that happened. */
  traceHash(): string
  close(): void
}
