import { RingbackError } from '../errors.ts'
import { compilerHint, type NativeProgram } from './native-program.ts'
import { CreditBucket } from './peers/credit-bucket.ts'
import type { BenchOptions, BenchResults } from './results.ts'
import { type Case, checkOptions, runRounds } from './rounds.ts'
import { sized } from './sizing.ts'
import { elapsedNsOf, undisturbedValue } from './timing.ts'

const program: NativeProgram = { target: 'shaper_bench', rows: 'C++', hint: compilerHint }

const packetBytes = 1500
/** Between two packets of a bucket: 1 Gb/s is offered to each. */
const gapNs = 12_000
/** 500 Mb/s, so that every second packet passes. */
const creditBytes = 62_500
const windowNs = 1_000_000

/**
 * Measures credit shapers, in nanoseconds a packet: in C++ ringback's beside netback's arithmetic, and that arithmetic in
 * JavaScript. Packets come to the buckets in turn and twice as fast as they may pass. `at` is the number of buckets, 1 to 65,536.
 *
 * @throws {@link RingbackError} ERR_INVALID_ARGUMENT, ERR_OUT_OF_RANGE; ERR_STATE where the rate is wrong
 * @example
 * const { rows } = await benchShaper({ rounds: 5, at: [1] })
 */
export async function benchShaper(options: BenchOptions = {}): Promise<BenchResults> {
  const checked = checkOptions(options, { defaults: [1, 256], most: 65_536 })
  const cases: Case[] = []
  for (const at of checked.at) {
    const runNs = bucketsInTurn(at)
    const packets = await sized(runNs, checked.sampleMs * 1e6, { step: at, signal: checked.signal })
    const measure = (): Promise<number> => undisturbedValue(() => runNs(packets) / packets, checked.sampleMs)
    cases.push({ peer: "JS bucket, netback's arithmetic", job: 'one thread', unit: 'ns/packet', at, measure })
  }
  return runRounds({ name: 'shaper', axis: 'buckets', programs: [program], cases, notes: [] }, checked)
}

/** What offers so many packets to fresh buckets and says how long it took; it checks how many passed. */
function bucketsInTurn(count: number): (packets: number) => number {
  return (packets) => {
    const buckets = Array.from({ length: count }, () => new CreditBucket(creditBytes, windowNs))
    let passed = 0
    const ns = elapsedNsOf(() => {
      for (let sent = 0, nowNs = 0; sent < packets; sent += count, nowNs += gapNs)
        for (let i = 0; i < count; i++) if (buckets[i]!.take(nowNs, packetBytes)) passed++
    })
    checkPassed(count, packets / count, passed)
    return ns
  }
}

/** @throws RingbackError ERR_STATE unless about as many passed as the windows so far allow, within 2 packets a bucket */
function checkPassed(buckets: number, packetsEach: number, passed: number): void {
  const pastWindows = Math.floor(((packetsEach - 1) * gapNs) / windowNs)
  const sinceThen = packetsEach - Math.ceil((pastWindows * windowNs) / gapNs)
  const aWindow = creditBytes / packetBytes
  const expected = buckets * (pastWindows * aWindow + Math.min(aWindow, sinceThen))
  if (Math.abs(passed - expected) > 2 * buckets)
    throw new RingbackError('ERR_STATE', `the JavaScript bucket passed ${passed} packets instead of ${expected}`)
}
