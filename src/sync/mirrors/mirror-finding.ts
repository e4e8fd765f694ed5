/**
 * What is not as it should be with a mirror, and what mends it. `wrong`: it serves no clients, or
 * sync cannot fill it; `warning`: it works, and costs or gives more than it need.
 */
export type Finding = {
  readonly kind: 'wrong' | 'warning'
  readonly what: string
  readonly fix: string
}

/** Notes a finding. */
export type Add = (kind: Finding['kind'], what: string, fix: string) => void
