// One TCP flow of the kernel through the network, by iperf3, and what its intervals say.
import { execFile, spawn } from 'node:child_process'
import { promisify } from 'node:util'

import { addresses, namespaces, queueDrops, setOffloads, setQueue } from './network.mjs'

const run = promisify(execFile)
/** In a namespace, before others that want the core: a machine that does something else too shall not be measured. */
const asUrgent = (namespace) => ['netns', 'exec', namespace, 'nice', '-n', '-15']
export const intervalSeconds = 0.1
/** Slow start and its losses; not part of the figures. */
export const warmUpSeconds = 2

/**
 * @param one - a case: place, rateMbps, burstBytes, limitBytes, congestion, offloads, seconds
 * @returns by interval of 0.1 s: bits a second, retransmits, smoothed RTT in us, congestion window in bytes; and drops
 */
export async function measureFlow(one) {
  setOffloads(one.offloads)
  setQueue(one.place, one)
  const server = spawn('ip', [...asUrgent(namespaces.receiver), 'iperf3', '-s', '-1', '-i', '0', '--forceflush'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    await new Promise((resolve, reject) => {
      server.stdout.once('data', resolve) // it says that it listens
      server.once('error', reject)
      server.once('exit', (code) => reject(new Error(`iperf3 -s ended with ${code}`)))
    })
    const words = ['-c', addresses.receiver, '-C', one.congestion, '-t', `${one.seconds}`, '-i', `${intervalSeconds}`]
    const { stdout } = await run('ip', [...asUrgent(namespaces.sender), 'iperf3', ...words, '-J'], {
      maxBuffer: 1e8,
      timeout: (one.seconds + 20) * 1000,
    })
    const { intervals, end, error } = JSON.parse(stdout)
    if (error) throw new Error(`iperf3: ${error}`)
    const streams = intervals.map(({ streams: [stream] }) => stream)
    return {
      bps: streams.map((stream) => Math.round(stream.bits_per_second)),
      retransmits: streams.map((stream) => stream.retransmits),
      rttUs: streams.map((stream) => stream.rtt),
      cwndBytes: streams.map((stream) => stream.snd_cwnd),
      receivedBps: Math.round(end.sum_received.bits_per_second),
      queueDrops: queueDrops(one.place),
    }
  } finally {
    server.kill()
  }
}

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length
const least = (values) => Math.min(...values)
const most = (values) => Math.max(...values)

/** A frame with timestamps carries 1448 bytes of 1514 that the queue counts. */
const frameBytes = 1514
const payloadBytes = 1448
/** The window falls to 0.7 (CUBIC) or 0.5 (Reno) of itself; what falls by less is PRR and moderation. */
const fallen = 0.85

/** What a flow did once it was under way. */
export function summarise({ bps, retransmits, rttUs, cwndBytes, receivedBps, queueDrops: drops }, { rateMbps }) {
  const from = Math.round(warmUpSeconds / intervalSeconds)
  const [steadyBps, steadyRtt, steadyWindow] = [bps.slice(from), rttUs.slice(from), cwndBytes.slice(from)]
  const seconds = steadyBps.length * intervalSeconds
  const falls = countFalls(steadyWindow)
  return {
    goodputMbps: round(mean(steadyBps) / 1e6, 2),
    shareOfRate: round((mean(steadyBps) * frameBytes) / payloadBytes / (rateMbps * 1e6), 4),
    wholeMbps: round(receivedBps / 1e6, 2),
    retransmitsPerSecond: round(retransmits.slice(from).reduce((sum, value) => sum + value, 0) / seconds, 2),
    queueDrops: drops,
    rttUs: { least: least(steadyRtt), mean: Math.round(mean(steadyRtt)), most: most(steadyRtt) },
    cwndSegments: {
      least: Math.round(least(steadyWindow) / payloadBytes),
      mean: Math.round(mean(steadyWindow) / payloadBytes),
      most: Math.round(most(steadyWindow) / payloadBytes),
    },
    // Teeth of less than three intervals cannot be told apart.
    toothSeconds: falls >= 2 && seconds / falls >= 3 * intervalSeconds ? round(seconds / falls, 2) : null,
  }
}

/** How often the window fell, however many intervals it took. */
function countFalls(windows) {
  let falls = 0
  let high = windows[0]
  for (const window of windows) {
    if (window < high * fallen) {
      falls++
      high = window
    }
    if (window > high) high = window
  }
  return falls
}

export const round = (value, digits) => Number(value.toFixed(digits))
