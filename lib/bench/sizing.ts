const warmUps = 4
const firstCount = 512

/**
 * As much work as takes about this long once the code runs optimised. Starts small: on a busy machine a single round
 * trip between threads can take milliseconds.
 *
 * @param elapsedNs - does so much work and says how long it took
 * @returns a multiple of `step`, at least one
 */
export async function sized(
  elapsedNs: (count: number) => number | Promise<number>,
  wantedNs: number,
  { step = 1, signal }: { step?: number; signal?: AbortSignal | undefined } = {},
): Promise<number> {
  const inSteps = (count: number): number => Math.max(1, Math.round(count / step)) * step
  let count = inSteps(firstCount)
  for (let warm = 0; warm < warmUps;) {
    signal?.throwIfAborted()
    const ns = await elapsedNs(count)
    if (ns < wantedNs / 2) {
      count *= 2
    } else {
      count = inSteps(Math.max(firstCount, (count * wantedNs) / ns))
      warm++
    }
  }
  return count
}
