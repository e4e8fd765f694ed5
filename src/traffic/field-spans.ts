import { isAt } from './byte-scan.ts'

/** Where in a line its fields are, by their numbers: an end is the first byte after. */
export class FieldSpans {
  readonly from: Int32Array
  readonly to: Int32Array

  constructor(count: number) {
    this.from = new Int32Array(count)
    this.to = new Int32Array(count)
  }

  /** Says that no field has been found. */
  clear(): void {
    this.from.fill(-1)
  }

  /** Whether all fields have been found. */
  hasAll(): boolean {
    return !this.from.includes(-1)
  }

  set(field: number, from: number, to: number): void {
    this.from[field] = from
    this.to[field] = to
  }

  /** Whether a field is this ASCII text. */
  is(bytes: Uint8Array, field: number, text: Uint8Array): boolean {
    return this.length(field) === text.length && isAt(bytes, this.from[field]!, text)
  }

  length(field: number): number {
    return this.to[field]! - this.from[field]!
  }
}
