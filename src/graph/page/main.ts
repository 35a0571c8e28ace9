import { startPage } from './start.ts';
import { element } from './dom.ts';

startPage().catch((error: unknown) => {
  const reason = error instanceof Error ? error.message : String(error);
  element('facts').textContent = `The rules cannot be shown: ${reason}`;
});
