/** A traffic file that cannot be believed: the message names the file, and the line where it can. */
export class TrafficError extends Error {
  override readonly name = 'TrafficError'
}
