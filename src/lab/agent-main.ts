import { runAgent } from './agent.ts';

/* Run by itself from the sources; in the bundle the hidden subcommand lab-agent is the same. */
runAgent();
