/** Moves ascending places `gap` apart, within the limits, as little as a simple rule does. */
export function spreadOut(
  places: readonly number[],
  { least, most, gap }: { least: number; most: number; gap: number },
): number[] {
  const out = [...places]
  for (let i = 0; i < out.length; i++) out[i] = Math.max(out[i]!, i === 0 ? least : out[i - 1]! + gap)
  for (let i = out.length - 1; i >= 0; i--) out[i] = Math.min(out[i]!, i === out.length - 1 ? most : out[i + 1]! - gap)
  return out
}
