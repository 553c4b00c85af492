// What one would write first: the adaptive policy with a fresh object for everything, sorting and no thought of speed. It
// must come to the same rates as the controller that it is compared with.

export interface PlainVif {
  minBps: number
  capBps: number
  weight: number
}

interface Watched extends PlainVif {
  bytes: number
  heldBackNs: number
  rateBps: number
  score: number
  isBusy: boolean
  changedNs: number
  demandBps: number
  headroomBps: number
  isPressed: boolean
}

export interface PlainSample {
  timeNs: number
  vifs: { bytes: number; heldBackNs: number }[]
  capacityBps: number
}

interface Wanting {
  wantedBps: number
  weight: number
}

/** Weighted max-min: in the order of what each wants for its weight. */
function fill(amountBps: number, wants: Wanting[]): number[] {
  const order = wants.map(({ wantedBps, weight }, i) => ({ wantedBps, weight, i, ratio: wantedBps / weight }))
  order.sort((a, b) => a.ratio - b.ratio || a.i - b.i)
  const given = wants.map(() => 0)
  let left = amountBps
  let weight = wants.reduce((sum, want) => sum + want.weight, 0)
  let closed = 0
  for (const { i, wantedBps, weight: own } of order) {
    if (wantedBps > (own * left) / weight) break
    given[i] = wantedBps
    left -= wantedBps
    weight -= own
    closed++
  }
  const open = order.slice(closed)
  const level = left / weight
  for (const { i, weight: own } of open) {
    given[i] = Math.floor(own * level)
    left -= given[i]
  }
  for (const i of open.map((each) => each.i).sort((a, b) => a - b)) {
    if (left === 0) break
    given[i]! += 1
    left -= 1
  }
  return given
}

export class PlainController {
  #vifs: Watched[]
  #timeNs: number | undefined

  constructor(vifs: PlainVif[]) {
    this.#vifs = vifs.map((vif) => ({
      ...vif,
      bytes: 0,
      heldBackNs: 0,
      rateBps: 0,
      score: 0,
      isBusy: false,
      changedNs: -Infinity,
      demandBps: Infinity,
      headroomBps: 0,
      isPressed: false,
    }))
  }

  /** @returns rates in bits a second */
  tick({ timeNs, vifs, capacityBps }: PlainSample): number[] {
    const before = this.#timeNs
    this.#timeNs = timeNs
    const seen = this.#vifs.map((vif, i) =>
      before === undefined ? { ...vif, ...vifs[i]! } : observed(vif, vifs[i]!, timeNs, timeNs - before),
    )
    const rates = allocate(capacityBps, seen)
    const isNew = seen.some(({ rateBps }, i) => {
      const step = Math.abs(rates[i]! - rateBps)
      return step > 0 && step >= rateBps / 100
    })
    if (isNew) for (const [i, vif] of seen.entries()) vif.rateBps = rates[i]!
    this.#vifs = seen
    return seen.map(({ rateBps }) => rateBps)
  }
}

function observed(vif: Watched, now: { bytes: number; heldBackNs: number }, timeNs: number, dtNs: number): Watched {
  const sentBps = ((now.bytes - vif.bytes) * 8e9) / dtNs
  const isHeldBack = now.heldBackNs > vif.heldBackNs
  const isAtRate = sentBps > 0 && sentBps >= 0.9 * vif.rateBps
  let { score, isBusy, changedNs } = vif
  if (isAtRate || isHeldBack) score = Math.min(3, score + 1)
  else if (sentBps < 0.7 * vif.rateBps || sentBps === 0) score = Math.max(0, score - 1)
  if ((isBusy ? score === 0 : score === 3) && timeNs - changedNs >= 200e6) {
    isBusy = !isBusy
    changedNs = timeNs
  }
  const whole = Math.round(sentBps)
  const room = Math.ceil(whole * 0.25)
  const isFull = sentBps >= 0.98 * vif.rateBps - (3000 * 8e9) / dtNs
  const isPressed = isAtRate && isHeldBack && isFull
  const demandBps = isPressed ? (isBusy ? Infinity : whole + room) : whole
  const { bytes, heldBackNs } = now
  const headroomBps = isPressed ? 0 : room
  return { ...vif, bytes, heldBackNs, score, isBusy, changedNs, demandBps, headroomBps, isPressed }
}

function allocate(capacityBps: number, vifs: Watched[]): number[] {
  const limits = vifs.map(({ demandBps, capBps }) => Math.min(demandBps, capBps))
  const served = vifs.map(({ minBps }, i) => Math.min(minBps, limits[i]!))
  const left = capacityBps - served.reduce((sum, bps) => sum + bps, 0)
  const surplus = fill(
    left,
    vifs.map(({ weight }, i) => ({ weight, wantedBps: limits[i]! - served[i]! })),
  )
  const shares = served.map((bps, i) => bps + surplus[i]!)
  const free = left - surplus.reduce((sum, bps) => sum + bps, 0)
  const toPressed = lend(free, vifs, shares, true)
  const toOthers = lend(free - toPressed.reduce((sum, bps) => sum + bps, 0), vifs, shares, false)
  const weights = vifs.reduce((sum, { weight }) => sum + weight, 0)
  return vifs.map(({ capBps, minBps, weight, demandBps, headroomBps }, i) => {
    const share = shares[i]!
    const own = share >= demandBps ? share + headroomBps : share
    const probe = Math.floor(((0.1 * left) / weights) * weight)
    return Math.min(capBps, Math.max(minBps, probe, own, share + toPressed[i]! + toOthers[i]!))
  })
}

/** What nobody wants, by weight and up to the caps. */
function lend(amountBps: number, vifs: Watched[], shares: number[], isPressed: boolean): number[] {
  const wants = vifs.map((vif, i) => ({
    weight: vif.weight,
    wantedBps: vif.isPressed === isPressed ? vif.capBps - shares[i]! : 0,
  }))
  return fill(amountBps, wants)
}
