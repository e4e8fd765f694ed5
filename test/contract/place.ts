/** A place that nearport runs in: what holds in one has to hold in every other. */
export type Place = {
  readonly name: string
  /** Whether something stands before it that answers by itself what is no HTTP. */
  readonly hasFront?: true
  /** Starts nearport with a configuration, as its file has it, on a free port of loopback. */
  readonly start: (config: object) => Promise<Running>
}

export type Running = {
  readonly url: string
  readonly port: number
  /** Everything recorded so far. */
  readonly events: () => readonly Readonly<Record<string, unknown>>[]
  readonly stop: () => Promise<void>
}

/** Where a client says that it is, wherever nearport runs. */
export const clientHeader = 'cf-connecting-ip'
