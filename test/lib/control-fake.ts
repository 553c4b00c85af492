import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { ControlTree, formatRate, parseBitRate, RingbackError } from 'ringback'
import type { ControlFolder, ControlTarget } from 'ringback'

interface FakeVif {
  rateBps: number
  weight: number
  txBytes: number
  /** What happens while the rate is being read. */
  onRead?: (() => void) | undefined
}

/** Something to control, with no simulator: vifs with a rate, a weight and a counter. */
export class FakeTarget implements ControlTarget {
  readonly vifs = new Map<string, FakeVif>()
  /** Every value that was set, in order. */
  readonly sets: string[] = []
  readonly folders: ControlFolder[]

  constructor(names: readonly string[]) {
    this.folders = names.map((name) => {
      const vif: FakeVif = { rateBps: 10e6, weight: 1, txBytes: 0 }
      this.vifs.set(name, vif)
      return {
        path: `vif/${name}`,
        values: [
          { name: 'rate', read: () => readRate(vif), write: (text) => this.#setRate(name, text) },
          { name: 'weight', read: () => `${vif.weight}`, write: (text) => this.#setWeight(name, text) },
          { name: 'tx_bytes', read: () => `${vif.txBytes}` },
        ],
      } satisfies ControlFolder
    })
  }

  vif(name: string): FakeVif {
    const vif = this.vifs.get(name)
    if (!vif) throw new Error(`no vif ${name}`)
    return vif
  }

  #setRate(name: string, text: string): void {
    this.vif(name).rateBps = parseBitRate(text)
    this.sets.push(`${name} rate ${text}`)
  }

  #setWeight(name: string, text: string): void {
    if (!/^[1-9]\d{0,3}$/.test(text)) throw new RingbackError('ERR_OUT_OF_RANGE', 'no weight;\nwrite 1 to 9999')
    this.vif(name).weight = Number(text)
    this.sets.push(`${name} weight ${text}`)
  }
}

function readRate(vif: FakeVif): string {
  const hook = vif.onRead
  vif.onRead = undefined
  hook?.()
  return formatRate(vif.rateBps)
}

type Teardown = { teardown: (fn: () => void) => void }

export function makeFolder(t: Teardown): string {
  // A disk takes milliseconds for each file that is replaced.
  const base = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()
  const folder = mkdtempSync(path.join(base, 'ringback-control-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** A tree of a vif `web` in a new folder, with a clock that stands still until one sets it forward. */
export function makeTree(t: Teardown, names: readonly string[] = ['web']) {
  const folder = path.join(makeFolder(t), 'tree')
  const target = new FakeTarget(names)
  const clock = { nowMs: Date.now() }
  const tree = new ControlTree({ folder, target, now: () => clock.nowMs })
  tree.start()
  t.teardown(() => void tree.close())
  const at = (name: string): string => path.join(folder, name)
  const read = (name: string): string => readFileSync(at(name), 'utf8')
  /** A sync at which everything is due, so much later. */
  const syncAfter = (ms: number): void => {
    clock.nowMs += ms
    tree.sync()
  }
  return { folder, target, tree, at, read, syncAfter }
}
