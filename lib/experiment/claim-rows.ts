import type { ClaimResults } from './claims.ts'
import { describeFigure, describeInterval } from './figures.ts'

// Claims as a table has them.

export const claimHead = ['claim', 'found', 'from', 'to', 'verdict'] as const

/** A claim, its figure, the confidence interval of that, and what became of it. */
export function claimRow({ text, unit, figure, finding }: ClaimResults): string[] {
  return [text, describeFigure(unit, figure), ...describeInterval(unit, figure), finding]
}
