/** A configuration as it was read, as one that is made holds functions, and where to listen. */
export type ReadText = {
  readonly text: string
  /** Where the text was read from: its paths are by that. */
  readonly path: string
  readonly listening: { readonly host: string | undefined; readonly port: number }
  /** How many processes there are. */
  readonly of: number
}

/** What the primary tells a process that answers clients. */
export type ToWorker =
  | { readonly kind: 'start'; readonly read: ReadText; readonly discouraged: boolean }
  | { readonly kind: 'take'; readonly read: ReadText }
  | { readonly kind: 'discourage' }
  | { readonly kind: 'close'; readonly withinMs: number }

/** What such a process tells the primary, beside the lines of its log. */
export type FromWorker =
  | { readonly kind: 'listening' }
  | { readonly kind: 'took' }
  /** It cannot start, or take a configuration, and ends. */
  | { readonly kind: 'failed'; readonly message: string }
