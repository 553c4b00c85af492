/** native/addon/machine_wrap.h */
export interface NativeMachine {
  /** False when the id is taken. */
  addDomain(domid: number, memory: Uint8Array, grants: Uint8Array, ports: number): boolean
  removeDomain(domid: number): void
  /** -1 when none is left. */
  allocatePage(domid: number): number
  freePage(domid: number, frame: number): void
  freePages(domid: number): number
  /** -1 when none is left. */
  grantAccess(domid: number, to: number, frame: number, readonly: boolean): number
  endAccess(domid: number, ref: number): boolean
  grantsInUse(domid: number): number
  grantCopy(domid: number, operations: Uint8Array, payload: boolean): void
  close(): void
  allocUnbound(domid: number, remote: number): number
  bindInterdomain(domid: number, remote: number, remotePort: number): number
  closePort(domid: number, port: number): number
  send(domid: number, port: number): number
  mask(domid: number, port: number): number
  unmask(domid: number, port: number): number
  isPending(domid: number, port: number): boolean
  isMasked(domid: number, port: number): boolean
  clearPending(domid: number, port: number): boolean
  /** How many were written. */
  takePending(domid: number, ports: Uint32Array): number
  /** Writes state, remote domain and remote port. */
  portStatus(domid: number, port: number, out: Uint32Array): void
  /** Writes sends and coalesced sends. */
  portCounters(domid: number, port: number, out: BigInt64Array): void
}

export type NativeMachineConstructor = new () => NativeMachine
