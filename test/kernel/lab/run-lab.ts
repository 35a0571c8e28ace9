import { writeFileSync } from 'node:fs';
import { execa } from 'execa';
import { runLab } from '../../../src/cli/lab.ts';
import { loadExample } from './scenes.ts';

/*
 * The command, apart from its command line: [requests=N] [output=json] [keep] EXAMPLE. With
 * `refused` it runs itself without capabilities where nobody may make user namespaces.
 */
const args = process.argv.slice(2);
const valueOf = (name: string): string | undefined =>
  args.find((arg) => arg.startsWith(`${name}=`))?.slice(name.length + 1);

if (args.includes('refused')) {
  writeFileSync('/proc/sys/user/max_user_namespaces', '0');
  const rest = process.argv.slice(1).filter((arg) => arg !== 'refused');
  const powerless = ['--bounding-set=-all', '--inh-caps=-all', process.execPath];
  const { exitCode } = await execa('setpriv', [...powerless, ...rest], { stdio: 'inherit', reject: false });
  process.exitCode = exitCode ?? 3;
} else {
  process.exitCode = await runLab(await loadExample(args.at(-1) ?? ''), {
    layout: 'auto',
    comments: 'auto',
    requests: Number(valueOf('requests') ?? 40),
    keep: args.includes('keep'),
    output: valueOf('output') === 'json' ? 'json' : 'table',
  });
}
