import type { Problem } from '../reading/problems.ts'
import type { CheckedInput } from './schema.ts'

/** What is wrong with the detector's thresholds taken together. */
export function controlProblems({ control: { detector } }: CheckedInput): Problem[] {
  const { enter, leave } = detector
  if (leave <= enter) return []
  const message = `${leave} is above enter, ${enter}; write less, as in 0.7 with enter: 0.9`
  return [{ path: ['control', 'detector', 'leave'], message }]
}
