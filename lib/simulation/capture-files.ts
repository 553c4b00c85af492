import type { NativeCapture } from './native-binding.ts'

/** One file that `output.pcap` asks for. */
export interface CaptureFile {
  file: string
  kind: NativeCapture['kind']
  /** Of the NIC or the vif. */
  name: string
}

/** The files that `output.pcap` asks for, in the order of the scenario. */
export function captureFiles({ nics, vifs }: { nics: readonly string[]; vifs: readonly string[] }): CaptureFile[] {
  return [
    ...nics.flatMap((name): CaptureFile[] => [
      { file: `nic-${name}.pcap`, kind: 'nic', name },
      { file: `nic-${name}-in.pcap`, kind: 'nic-in', name },
    ]),
    ...vifs.flatMap((name): CaptureFile[] => [
      { file: `vif-${name}-out.pcap`, kind: 'vif-out', name },
      { file: `vif-${name}-in.pcap`, kind: 'vif-in', name },
    ]),
  ]
}
