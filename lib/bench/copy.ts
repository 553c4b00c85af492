import { CopyPages, type Memories, type Pass } from './copy-pages.ts'
import { compilerHint, type NativeProgram } from './native-program.ts'
import type { BenchOptions, BenchResults } from './results.ts'
import { type Case, type CheckedOptions, checkOptions, runRounds } from './rounds.ts'
import { sized } from './sizing.ts'
import { elapsedNsOf, undisturbedValue } from './timing.ts'

const program: NativeProgram = { target: 'copy_bench', rows: 'C++', hint: compilerHint }

/** Pages of each side: what stays in a core's first cache, and what its second does not hold. */
const workingSets = [
  { job: 'copy, hot', pages: 2 },
  { job: 'copy, beyond L2', pages: 8192 },
] as const

interface Peer {
  name: string
  memories: 'shared' | 'plain'
  pass: (pages: CopyPages, memories: Memories, length: number) => Pass
}

const peers: readonly Peer[] = [
  {
    name: 'ringback, grantCopy from JS',
    memories: 'shared',
    pass: (pages, _memories, length) => pages.grantCopy(length),
  },
  {
    name: 'ringback, encode and grantCopy from JS',
    memories: 'shared',
    pass: (pages, _memories, length) => pages.encodedGrantCopy(length),
  },
  ...(['shared', 'plain'] as const).flatMap((memories): Peer[] => [
    {
      name: `Buffer.copy, ${memories} memory`,
      memories,
      pass: (pages, bytes, length) => pages.bufferCopy(bytes, length),
    },
    {
      name: `TypedArray.set, ${memories} memory`,
      memories,
      pass: (pages, bytes, length) => pages.typedArraySet(bytes, length),
    },
  ]),
]

/**
 * Measures grant copy, 64 operations a call: in JavaScript beside Buffer.copy and TypedArray.set of the same bytes, in
 * C++ beside memcpy. Pages that stay in a core's first cache, and more of them than its second holds. All peers take
 * turns in every round. `at` is the number of bytes a copy, 1 to 4096.
 *
 * @throws {@link RingbackError} ERR_INVALID_ARGUMENT, ERR_OUT_OF_RANGE; ERR_STATE where bytes are not copied
 * @example
 * const { rows } = await benchCopy({ rounds: 5, at: [1500] })
 */
export async function benchCopy(options: BenchOptions = {}): Promise<BenchResults> {
  const checked = checkOptions(options, { defaults: [64, 1500, 4096], most: 4096 })
  const sets: CopyPages[] = []
  try {
    const cases: Case[] = []
    for (const { job, pages } of workingSets) {
      const set = new CopyPages(pages)
      sets.push(set)
      cases.push(...(await makeCases(job, set, checked)))
    }
    return await runRounds({ name: 'copy', axis: 'bytes', programs: [program], cases, notes: [] }, checked)
  } finally {
    for (const set of sets) set.close()
  }
}

async function makeCases(job: string, set: CopyPages, { at, sampleMs, signal }: CheckedOptions): Promise<Case[]> {
  const cases: Case[] = []
  for (const length of at) {
    for (const { name, memories, pass } of peers) {
      const copyAll = pass(set, set[memories], length)
      set.check(copyAll, set[memories], length)
      const runNs = (copies: number): number =>
        elapsedNsOf(() => {
          for (let done = 0; done < copies; done += set.copies) copyAll()
        })
      const copies = await sized(runNs, sampleMs * 1e6, { step: set.copies, signal })
      const measure = (): Promise<number> => undisturbedValue(() => runNs(copies) / copies, sampleMs)
      cases.push({ peer: name, job, unit: 'ns', at: length, measure })
    }
  }
  return cases
}
