/** The configuration is wrong: `problems` names every one, each with the path of its value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly problems: readonly string[]

  constructor(source: string, problems: readonly string[]) {
    super(`${source} is not a configuration:\n${problems.map((each) => `  ${each}`).join('\n')}`)
    this.problems = problems
  }
}
