export { RingbackError } from './errors.ts'
export type { ErrorCode } from './errors.ts'
export { enforcedBps, formatBytes, formatCap, formatDuration, formatRate } from './units.ts'
export { parseBitRate, parseDuration, parseRate, parseSize } from './units.ts'
export type { CreditRate, FormatOptions } from './units.ts'
export { Controller } from './controller.ts'
export { BusynessDetector } from './detector.ts'
export type { DetectorOptions, DetectorSample } from './detector.ts'
export { admissionProblem, checkAdmission } from './policy/admission.ts'
export type { MinRequest } from './policy/admission.ts'
export type { ControlledUplink, ControlledVif, ControllerOptions } from './policy/controller-options.ts'
export type { ControlSample, Decision, UplinkDecision, VifDecision } from './policy/decision.ts'
export { createPolicy } from './policy/policies.ts'
export { policyNames } from './policy/policy.ts'
export type { Allocation, Policy, PolicyName, VifDemand } from './policy/policy.ts'
export { waterFill } from './policy/water-filling.ts'
export type { Want } from './policy/water-filling.ts'
export { checkBonds } from './bonding/check-bonds.ts'
export type { BondConfig } from './bonding/config.ts'
export { fromIpLink } from './bonding/from-ip-link.ts'
export { fromNetplan } from './bonding/from-netplan.ts'
export { toIpLink, toNetplan } from './bonding/host.ts'
export type { ImportedBonds } from './bonding/imported.ts'
export { bondWords } from './bonding/option-values.ts'
export { bondModes, xmitHashPolicies } from './bonding/options.ts'
export type {
  AdSelect,
  BondMode,
  LacpRate,
  PartnerActivity,
  PrimaryReselect,
  XmitHashPolicy,
} from './bonding/options.ts'
export { bondJsonSchema } from './bonding/schema.ts'
export type { BondInput } from './bonding/schema.ts'
export { checkScenario, parseScenario } from './simulation/check-scenario.ts'
export type {
  Scenario,
  ScenarioBond,
  ScenarioBridge,
  ScenarioCosts,
  ScenarioNic,
  ScenarioVif,
} from './simulation/scenario.ts'
export type {
  ConstantSource,
  FlowsSource,
  OnOffSource,
  PoissonSource,
  ReplaySource,
  ScenarioSource,
  TcpSource,
} from './simulation/scenario-traffic.ts'
export type { NicEvent, ScenarioControl, ScenarioEvent, VifEvent } from './simulation/scenario-control.ts'
export { scenarioJsonSchema } from './simulation/schema.ts'
export type { ScenarioInput } from './simulation/schema.ts'
export { headerStride, loadCapture, readCapture } from './simulation/pcap.ts'
export type { Capture, CaptureDirection } from './simulation/pcap.ts'
export { simulate } from './simulation/simulate.ts'
export type { Latency } from './simulation/latency.ts'
export type { SimulateOptions } from './simulation/simulate.ts'
export { Simulation } from './simulation/simulation.ts'
export type { CaptureChunk, Progress, RunOptions, SimulationOptions } from './simulation/simulation.ts'
export type { BondCounters, BondedNic, BondState, SimulatedBond } from './simulation/simulated-bond.ts'
export type { NicCounters, SimulatedNic } from './simulation/simulated-nic.ts'
export type { SimulatedVif, VifCounters } from './simulation/simulated-vif.ts'
export type {
  BackEndResults,
  BondResults,
  BridgeResults,
  DirectionResults,
  NicResults,
  Results,
  UplinkResults,
  VifResults,
} from './simulation/results.ts'
export type { TcpResults } from './simulation/tcp-results.ts'
export type { Change } from './simulation/settings.ts'
export type { Shortfall } from './simulation/shortfall.ts'
export type { DirectionFlow, Drops, Flow, Totals } from './simulation/vif-counters.ts'
export type { BondSeries, NicSeries, Series, VifSeries } from './simulation/series.ts'
export { ControlTree } from './control/control-tree.ts'
export { simulationTarget } from './control/simulation-target.ts'
export type { ControlTreeOptions } from './control/control-tree.ts'
export type { ControlFolder, ControlTarget, ControlValue } from './control/control-target.ts'
export { parseResults } from './simulation/parse-results.ts'
export type { SavedResults } from './simulation/results-schema.ts'
export { resultsPage } from './report/run/page.ts'
export type { SourcedResults } from './report/run/labelled-run.ts'
export { parseExperiment } from './experiment/experiment.ts'
export type { Experiment, ExperimentPoint, ExperimentTable } from './experiment/experiment.ts'
export type { Estimate } from './experiment/estimate.ts'
export type { MeasureName } from './experiment/measures.ts'
export { experimentPage } from './experiment/page.ts'
export type { ExperimentResults, ExperimentRow, ExperimentTableResults } from './experiment/results.ts'
export { runExperiment } from './experiment/run-experiment.ts'
export type { ExperimentProgress, FinishedRun, RunExperimentOptions } from './experiment/run-experiment.ts'
export { experimentJsonSchema } from './experiment/schema.ts'
export type { ExperimentInput } from './experiment/schema.ts'
export type { ExperimentCase, ExperimentColumn } from './experiment/tables.ts'
export type { ClaimResults, ExperimentClaim, Finding } from './experiment/claims.ts'
export type { MeasurePlan } from './experiment/own-measures.ts'
export { ringWords } from './ring/ring.ts'
export type { BackRing, FrontRing, RingKind, RingOptions, RingWords } from './ring/ring.ts'
export { createRingMemory, initRingMemory } from './ring/ring-memory.ts'
export type { RingMemoryOptions } from './ring/ring-memory.ts'
export { JsBackRing, JsFrontRing } from './ring/js-ring.ts'
export { NativeBackRing, NativeFrontRing } from './ring/native-ring.ts'
export {
  decodeRxRequest,
  decodeRxResponse,
  decodeTxRequest,
  decodeTxResponse,
  encodeRxRequest,
  encodeRxResponse,
  encodeTxRequest,
  encodeTxResponse,
} from './ring/slots.ts'
export type { RxRequest, RxResponse, TxRequest, TxResponse } from './ring/slots.ts'
export { benchRings } from './bench/rings.ts'
export { benchBond } from './bench/bond.ts'
export { benchControl } from './bench/control.ts'
export { benchCopy } from './bench/copy.ts'
export { benchShaper } from './bench/shaper.ts'
export { benchSim } from './bench/sim.ts'
export { benchmarkNames } from './bench/results.ts'
export type { BenchmarkName, BenchMachine, BenchOptions, BenchResults, BenchRow } from './bench/results.ts'
export { Machine } from './machine/machine.ts'
export type { DomainOptions } from './machine/machine.ts'
export type { Domain } from './machine/domain.ts'
export { eventStatus } from './machine/event-ports.ts'
export type { EventPorts, PortCounters, PortStatus } from './machine/event-ports.ts'
export { encodeGrantCopies, grantStatus, readGrantStatuses } from './machine/grant-copy.ts'
export type { GrantCopy, GrantCopySide } from './machine/grant-copy.ts'
