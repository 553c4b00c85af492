import { RingbackError } from '../errors.ts'
import { compilerHint, type NativeProgram } from './native-program.ts'
import { layer2, layer34 } from './peers/xmit-hash.ts'
import type { BenchOptions, BenchResults } from './results.ts'
import { type Case, checkOptions, runRounds } from './rounds.ts'
import { sized } from './sizing.ts'
import { elapsedNsOf, undisturbedValue } from './timing.ts'

const program: NativeProgram = { target: 'bond_bench', rows: 'C++', hint: compilerHint }

const flows = 1024
const headerBytes = 54

const peers = [
  { peer: 'JS balance-xor, layer2', hash: layer2 },
  { peer: 'JS balance-xor, layer3+4', hash: layer34 },
]

/**
 * Measures what a bond's decision costs, in nanoseconds a frame: in C++ ringback's modes beside one NIC without a bond, alone and
 * with the NICs' queues, and two hash policies by hand in JavaScript. `at` is the number of NICs, 1 to 32.
 *
 * @throws {@link RingbackError} ERR_INVALID_ARGUMENT, ERR_OUT_OF_RANGE; ERR_STATE where frames are not spread as they should be
 * @example
 * const { rows } = await benchBond({ rounds: 5, at: [2] })
 */
export async function benchBond(options: BenchOptions = {}): Promise<BenchResults> {
  const checked = checkOptions(options, { defaults: [2, 8], most: 32 })
  const headers = makeHeaders()
  const cases: Case[] = []
  for (const at of checked.at) {
    for (const { peer, hash } of peers) {
      const runNs = (frames: number): number => decide(peer, headers, frames, at, hash)
      const frames = await sized(runNs, checked.sampleMs * 1e6, { step: flows, signal: checked.signal })
      const measure = (): Promise<number> => undisturbedValue(() => runNs(frames) / frames, checked.sampleMs)
      cases.push({ peer, job: 'decide', unit: 'ns', at, measure })
    }
  }
  return runRounds({ name: 'bond', axis: 'NICs', programs: [program], cases, notes: [] }, checked)
}

/** TCP over IPv4, of many hosts with many flows each; not the same bits in both, which the hash would cancel out. */
function makeHeaders(): Uint8Array[] {
  return Array.from({ length: flows }, (_, flow) => {
    const header = new Uint8Array(headerBytes)
    header.set([8, 0, 0x45], 12)
    header.set([10, 0, 0, flow >> 6], 26)
    header.set([4, flow & 63], 34)
    header[11] = flow
    header[23] = 6
    return header
  })
}

/**
 * @returns how long it took
 * @throws RingbackError ERR_STATE unless each NIC has about its share
 */
function decide(
  peer: string,
  headers: readonly Uint8Array[],
  frames: number,
  nics: number,
  hash: (header: Uint8Array) => number,
): number {
  const counts = new Float64Array(nics)
  const ns = elapsedNsOf(() => {
    for (let i = 0; i < frames; i++) counts[hash(headers[i % flows]!) % nics]!++
  })
  const least = Math.min(...counts)
  if (least * nics * 2 < frames) throw new RingbackError('ERR_STATE', `${peer}: a NIC got ${least} of ${frames} frames`)
  return ns
}
