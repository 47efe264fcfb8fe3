// relock completion: the completion script of a shell.
import type { CompletionForm } from '../../corpus/schema/forms.js';
import { completionScript, SHELLS } from '../completion.js';
import type { Session } from '../session.js';
import { EXIT, type ExitCode, nearest, usage } from '../trouble.js';

export async function run(session: Session): Promise<ExitCode> {
  const [word = ''] = session.args;
  const shell = SHELLS.find((known) => known === word);
  if (shell === undefined)
    throw usage(
      `I know no shell "${word}": I know ${SHELLS.join(', ')}.`,
      `relock completion ${nearest(word, SHELLS) ?? 'bash'}`,
    );
  const text = completionScript(shell);
  if (session.json)
    session.printJson({ schema: 'relock.completion/1', shell, text } satisfies CompletionForm);
  else session.print(text);
  return EXIT.fine;
}
