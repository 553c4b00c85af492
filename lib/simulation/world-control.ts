import { Controller } from '../controller.ts'
import type { Decision } from '../policy/decision.ts'
import type { PolicyName } from '../policy/policy.ts'
import { ControlledUplink } from './controlled-uplink.ts'
import { Counters } from './counters.ts'
import { Enforcement } from './enforcement.ts'
import type { NativeReserve, NativeVif } from './native-binding.ts'
import type { Scenario } from './scenario.ts'
import type { ScenarioEvent } from './scenario-control.ts'
import { checkVifChange } from './setting-checks.ts'
import type { Sharing } from './setting-checks.ts'
import { capBps, Settings, wholeCapBps, wholeMinBps } from './settings.ts'
import type { NicChange, NicSettings, VifChange, VifSettings } from './settings.ts'
import { sharedUplinks } from './shared-uplinks.ts'
import { indexOf } from './source-options.ts'
import { staggered } from './uplink-limits.ts'
import type { WorldHandle } from './world-handle.ts'

const rowsOf = (named: readonly { name: string }[]): ReadonlyMap<string, number> =>
  new Map(named.map(({ name }, row) => [name, row]))

/** The counters of a running world. */
interface Running {
  handle: WorldHandle
  vifs: Counters
  nics: Counters
  bonds: Counters
}

/**
 * The controller of a world: it looks at the counters, decides, and has that enforced. Events and calls that change
 * settings come through here too, so that settings, controller and world agree. Under the policy credit it only watches.
 */
export class WorldControl {
  readonly policy: PolicyName
  readonly settings: Settings
  /** Of the uplinks that are shared packet by packet. */
  readonly reserves: NativeReserve[]
  readonly #uplinks: readonly ControlledUplink[]
  /** The number of each vif's uplink; -1: it shares none. */
  readonly #uplinkOfVif: readonly number[]
  readonly #controller: Controller
  readonly #enforcement: Enforcement
  readonly #vifRows: ReadonlyMap<string, number>
  readonly #nicRows: ReadonlyMap<string, number>
  #decision: Decision
  #running: Running | undefined

  /**
   * @throws {@link RingbackError} ERR_ADMISSION, ERR_OUT_OF_RANGE where the scenario's mins cannot be; ERR_SCENARIO where an
   * event names what is not there
   */
  constructor(scenario: Scenario) {
    const { control, vifs } = scenario
    this.policy = control.policy
    this.settings = new Settings(scenario)
    this.#uplinks = sharedUplinks(scenario).map((uplink) => new ControlledUplink(uplink, this.settings.nics))
    this.#vifRows = rowsOf(this.settings.vifs)
    this.#nicRows = rowsOf(this.settings.nics)
    for (const event of scenario.events)
      indexOf('nic' in event ? this.#nicRows : this.#vifRows, 'nic' in event ? event.nic : event.vif)
    const uplinkOfVif = vifs.map(() => -1)
    this.#uplinks.forEach(({ vifs: rows }, number) => rows.forEach((row) => (uplinkOfVif[row] = number)))
    this.#uplinkOfVif = uplinkOfVif
    this.reserves = this.policy === 'reserved' ? this.#uplinks.map((uplink) => uplink.reserve(scenario)) : []
    this.#controller = new Controller({
      policy: this.policy,
      detector: control.detector,
      uplinks: this.#uplinks.map(({ name, fullBps }) => ({ name, capacityBps: fullBps })),
      vifs: this.settings.vifs.map((vif, row) => ({
        name: vif.name,
        uplink: this.#uplinks[uplinkOfVif[row] ?? -1]?.name ?? null,
        capBps: wholeCapBps(vif),
        minBps: wholeMinBps(vif),
        weight: vif.weight,
      })),
    })
    this.#decision = this.#controller.decide()
    const windows = this.#uplinks.map((uplink) => uplink.windowUsec(scenario))
    const shaped = uplinkOfVif.map((uplink, row) => ({ uplink, windowUsec: staggered(windows[uplink] ?? 1, row) }))
    this.#enforcement = new Enforcement(this.policy, shaped, this.settings.vifs, this.#decision)
  }

  /** What vif `row` of the world begins with. */
  nativeVif(row: number): Pick<NativeVif, 'creditBytes' | 'creditUsec' | 'reserve' | 'minBps' | 'weight'> {
    return this.#enforcement.nativeVif(row)
  }

  /** Takes the world that was made so. */
  attach(handle: WorldHandle): void {
    const { world } = handle
    this.#running = {
      handle,
      vifs: new Counters(world.vifCounters, world.vifCounterNames),
      nics: new Counters(world.nicCounters, world.nicCounterNames),
      bonds: new Counters(world.bondCounters, world.bondCounterNames),
    }
    // Mins are admitted against what is sure; what a bond carries now may be more.
    this.follow()
  }

  /** Whether vifs share what bond `row` carries, so that the world must stop when that changes. */
  isWatched(row: number): boolean {
    return this.#uplinks.some((uplink) => uplink.isOverBond(row))
  }

  /** Decides again where an uplink can send other than before: a bond has noticed it by itself. */
  follow(): void {
    if (this.#follow()) this.#enforce(this.#controller.decide())
  }

  /** Looks at the counters and has what follows from them enforced. */
  tick(): void {
    const { handle, vifs, nics } = this.#open()
    this.#enforce(
      this.#controller.tick({
        timeNs: handle.nowNs,
        vifs: this.settings.vifs.map((_, row) => ({
          bytes: vifs.get(row, 'txShapedBytes'),
          heldBackNs: vifs.get(row, 'heldBackNs'),
        })),
        uplinks: this.#uplinks.map((uplink) => {
          const bytes = uplink.readBytes(nics)
          return { bytes, capacityBps: uplink.frameBps }
        }),
      }),
    )
  }

  /** Lets an event of the scenario happen. */
  happen(event: ScenarioEvent): void {
    if ('nic' in event) {
      const { nic, rateBps, link } = event
      return this.changeNic(indexOf(this.#nicRows, nic), {
        ...(rateBps !== undefined && { rateBps }),
        ...(link && { link }),
      })
    }
    const { vif, rate, minBps, weight } = event
    this.changeVif(indexOf(this.#vifRows, vif), {
      ...(rate !== undefined && { cap: rate }),
      ...(minBps !== undefined && { minBps: minBps ?? 0 }),
      ...(weight !== undefined && { weight }),
    })
  }

  /**
   * Changes settings of a vif from now on: all of them or, where one may not be so, none.
   *
   * @throws {@link RingbackError} ERR_CLOSED, ERR_OUT_OF_RANGE, ERR_ADMISSION
   */
  changeVif(row: number, change: VifChange): void {
    const { handle } = this.#open()
    const vif = this.#vif(row)
    checkVifChange(vif, change, this.#sharingOf(row))
    const before = wholeMinBps(vif)
    if (!this.settings.changeVif(vif, change, handle.nowNs)) return
    // The controller's min is at most its cap after each step: a lower one goes first, a higher one last.
    const after = wholeMinBps(vif)
    if (after < before) this.#controller.setMin(vif.name, after)
    if (change.cap !== undefined) this.#controller.setCap(vif.name, wholeCapBps(vif))
    if (after > before) this.#raiseMin(vif, after)
    if (change.weight !== undefined) this.#controller.setWeight(vif.name, vif.weight)
    this.#enforce(this.#controller.decide())
  }

  /**
   * Changes a NIC from now on. Mins that no longer fit are scaled.
   *
   * @throws {@link RingbackError} ERR_CLOSED
   */
  changeNic(row: number, change: NicChange): void {
    const { handle } = this.#open()
    const { world } = handle
    const nic = this.#nic(row)
    const before = { ...nic }
    this.settings.changeNic(nic, change, handle.nowNs)
    if (nic.rateBps !== before.rateBps) world.setNicRate(row, nic.rateBps)
    if (nic.link !== before.link) world.setNicLink(row, nic.link === 'up')
    this.#follow()
    this.#enforce(this.#controller.decide())
  }

  /** What holds for vif `row` now. */
  vif(row: number): VifSettings {
    this.#open()
    return this.#vif(row)
  }

  /** What holds for NIC `row` now. */
  nic(row: number): NicSettings {
    this.#open()
    return this.#nic(row)
  }

  /** Whether vif `row` would use more than it is given. */
  isBusy(row: number): boolean {
    this.#open()
    return this.#decision.vifs[row]?.isBusy ?? false
  }

  /** What vif `row` is given, in bits a second; null: no limit. credit: its cap; adaptive: its rate; reserved: its share. */
  allocationBps(row: number): number | null {
    const { cap } = this.vif(row)
    const decided = this.#decision.vifs[row]
    const isShared = (this.#uplinkOfVif[row] ?? -1) >= 0
    if (!decided || !isShared || this.policy === 'credit') return capBps(cap)
    return this.policy === 'reserved' ? decided.shareBps : decided.rateBps
  }

  /** Seconds up to `nowNs` in which the mins of the vifs on an uplink did not fit; 0 where none shares it. */
  minsScaledSeconds(uplink: string, nowNs: number): number {
    return (this.#uplinks.find(({ name }) => name === uplink)?.scaled.sum(nowNs) ?? 0) / 1e9
  }

  /** What an uplink can send now; null where its vifs share none. */
  capacityBps(uplink: string): number | null {
    const { bonds } = this.#open()
    return this.#uplinks.find(({ name }) => name === uplink)?.liveBps(bonds) ?? null
  }

  /** Tells world and controller what uplinks can send, where that has changed; returns whether any has. */
  #follow(): boolean {
    const { handle, bonds } = this.#open()
    const changed = this.#uplinks.filter((uplink, number) => {
      const live = uplink.liveBps(bonds)
      if (live === uplink.knownBps) return false
      uplink.knownBps = live
      if (this.policy === 'reserved') handle.world.setReserveRate(number, live)
      this.#controller.setCapacity(uplink.name, uplink.frameBps)
      return true
    })
    return changed.length > 0
  }

  /**
   * The controller asks whether a min fits what the uplink can send now. We ask whether it fits while all is up, and have
   * been answered: where a link is down, or frames' overhead takes of the rate, mins are scaled.
   */
  #raiseMin({ name, uplink: uplinkName }: VifSettings, minBps: number): void {
    const uplink = this.#uplinks.find((each) => each.name === uplinkName)
    if (!uplink) return
    this.#controller.setCapacity(uplinkName, uplink.fullBps)
    this.#controller.setMin(name, minBps)
    this.#controller.setCapacity(uplinkName, uplink.frameBps)
  }

  #enforce(decision: Decision): void {
    const { handle } = this.#open()
    this.#decision = decision
    this.#uplinks.forEach(({ scaled }, number) => {
      const isScaled = (decision.uplinks[number]?.minScale ?? 1) < 1
      if (scaled.value !== Number(isScaled)) scaled.set(Number(isScaled), handle.nowNs)
    })
    this.#enforcement.apply(handle.world, this.settings.vifs, decision)
  }

  #sharingOf(row: number): Sharing | undefined {
    const uplink = this.#uplinks[this.#uplinkOfVif[row] ?? -1]
    if (!uplink) return undefined
    const { wayOut, fullBps, vifs } = uplink
    return { wayOut, capacityBps: fullBps, vifs: vifs.map((vif) => this.#vif(vif)) }
  }

  #open(): Running {
    if (!this.#running) throw new Error('internal error: the controller has no world')
    this.#running.handle.checkOpen()
    return this.#running
  }

  #vif(row: number): VifSettings {
    const vif = this.settings.vifs[row]
    if (!vif) throw new Error(`internal error: there is no vif ${row}`)
    return vif
  }

  #nic(row: number): NicSettings {
    const nic = this.settings.nics[row]
    if (!nic) throw new Error(`internal error: there is no NIC ${row}`)
    return nic
  }
}
