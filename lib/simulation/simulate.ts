import { checkObject, checkSignal } from '../arguments.ts'
import type { Results } from './results.ts'
import type { Scenario } from './scenario.ts'
import { Simulation } from './simulation.ts'
import type { RunOptions, SimulationOptions } from './simulation.ts'

/** `signal`: where it stops the run, the results up to there are returned, with `aborted: true`. */
export interface SimulateOptions extends RunOptions, SimulationOptions {}

/**
 * Runs a scenario in virtual time from its beginning to its end. The event loop turns every few milliseconds meanwhile.
 *
 * @param scenario - from parseScenario or checkScenario
 * @throws {@link RingbackError} ERR_PCAP where a capture cannot be replayed; ERR_INVALID_ARGUMENT, ERR_OUT_OF_RANGE
 * where `scenario` is not what those functions return; the signal's reason where it is aborted before the run begins;
 * what onCapture and onProgress throw
 * @example
 * const results = await simulate(parseScenario(text, { file: 'web.yaml' }))
 * console.log(results.vifs.web.throughputBps)
 */
export async function simulate(scenario: Scenario, options: SimulateOptions = {}): Promise<Results> {
  checkObject(options, 'options')
  const { signal } = options
  if (signal !== undefined) checkSignal(signal, 'options.signal')
  const simulation = await Simulation.create(scenario, options)
  try {
    signal?.throwIfAborted()
    await simulation.run(scenario.durationNs, options)
    return simulation.results()
  } finally {
    simulation.close()
  }
}
