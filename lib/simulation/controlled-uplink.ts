import type { Counters } from './counters.ts'
import { Gauge } from './gauge.ts'
import type { NativeReserve } from './native-binding.ts'
import type { Scenario } from './scenario.ts'
import { liveBps } from './settings.ts'
import type { NicSettings } from './settings.ts'
import { fullCapacityBps } from './shared-uplinks.ts'
import type { SharedUplink } from './shared-uplinks.ts'
import { reserveOf, windowUsec } from './uplink-limits.ts'
import { UplinkMeter } from './uplink-meter.ts'

/** An uplink that vifs share: what it has for them, and whether their mins fit. */
export class ControlledUplink {
  /** 1 while the mins do not fit, else 0. */
  readonly scaled = new Gauge(0)
  /** What the world and the controller were told that it can send; bits a second. */
  knownBps: number
  readonly #uplink: SharedUplink
  readonly #nics: readonly NicSettings[]
  readonly #meter: UplinkMeter

  /** @param nics - the settings of all NICs, by row */
  constructor(uplink: SharedUplink, nics: readonly NicSettings[]) {
    this.#uplink = uplink
    this.#nics = nics
    this.#meter = new UplinkMeter(uplink.nics, uplink.bond?.mode === 'broadcast')
    this.knownBps = this.fullBps
  }

  get name(): string {
    return this.#uplink.name
  }

  /** The NIC or bond itself. */
  get wayOut(): string {
    return this.#uplink.wayOut
  }

  /** The rows of its vifs. */
  get vifs(): readonly number[] {
    return this.#uplink.vifs
  }

  /** What it carries while all of its NICs are up. */
  get fullBps(): number {
    return fullCapacityBps(this.#uplink, (row) => this.#nics[row]?.rateBps ?? 0)
  }

  hasNic(row: number): boolean {
    return this.#uplink.nics.some((nic) => nic.row === row)
  }

  isOverBond(row: number): boolean {
    return this.#uplink.bond?.row === row
  }

  /** What it can send now: of a bond what that takes itself to carry. */
  liveBps(bonds: Counters): number {
    const { bond, nics } = this.#uplink
    if (bond) return bonds.get(bond.row, 'capacityBps')
    const nic = this.#nics[nics[0]?.row ?? -1]
    return nic ? liveBps(nic) : 0
  }

  /** What it has for the bytes of frames, of what it was known to send. */
  get frameBps(): number {
    return this.#meter.capacityBps(this.knownBps)
  }

  /** The bytes of frames that it has sent; looks at how much of its wires frames have. */
  readBytes(nics: Counters): number {
    return this.#meter.read(nics)
  }

  windowUsec(scenario: Scenario): number {
    return windowUsec(scenario, this.#uplink.nics)
  }

  /** What a new world shares it by. */
  reserve(scenario: Scenario): NativeReserve {
    return reserveOf(scenario, this.#uplink.nics, this.fullBps)
  }
}
