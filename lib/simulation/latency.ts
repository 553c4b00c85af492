/** Nanoseconds from the offer to the arrival, of delivered packets; 0 where there was none. */
export interface Latency {
  /** Within 1 %. */
  p50: number
  /** Within 1 %. */
  p99: number
  /** Exact. */
  max: number
}
