import { run } from './process.ts'

/** What promtool says about metrics in the text format: nothing where they are well made. */
export async function checkMetrics(text: string): Promise<string> {
  const { stdout, stderr } = await run(['promtool', 'check', 'metrics'], { input: text })
  return stdout + stderr
}

/** What promtool says about files of rules. Throws where one is wrong. */
export async function checkRules(files: readonly string[]): Promise<string> {
  return (await run(['promtool', 'check', 'rules', ...files])).stdout
}

/** What promtool says about tests of rules. Throws where one fails, with its difference. */
export async function testRules(files: readonly string[]): Promise<string> {
  const command = ['promtool', 'test', 'rules', ...files] as const
  return (await run(command, { deadlineMs: 180_000 })).stdout
}
