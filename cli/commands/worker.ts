// relock worker: does jobs of campaigns on other hosts, from a queue.
import type { WorkerForm } from '../../corpus/schema/forms.js';
import { shownAddress } from '../../engine/campaign/queue-server.js';
import { workOn } from '../../engine/campaign/queue-worker.js';
import { count } from '../../reports/text/layout.js';
import { listen } from '../campaign-signals.js';
import { lengthOfTime, wholeNumber } from '../numbers.js';
import { onQueue, ownDialect, queueAddress, thisHost } from '../queue-options.js';
import type { Session } from '../session.js';
import { EXIT, type ExitCode, usage } from '../trouble.js';

export async function run(session: Session): Promise<ExitCode> {
  const address = queueAddress(session);
  if (address === null)
    throw usage('A worker needs the address of a queue.', 'relock worker --queue redis://lab:6379');
  const text = session.text('jobs');
  const jobs = text === null ? 1 : wholeNumber('-j', text);
  const time = session.text('for');
  const until =
    time === null ? Number.POSITIVE_INFINITY : performance.now() + lengthOfTime('--for', time) * 1000;
  const where = shownAddress(address.url);
  const signals = listen(
    () => session.talk('I end what I have begun, then stop; once more ends at once.'),
    () => session.talk(`worker of ${where}`),
  );
  const done = await onQueue(address, () =>
    workOn({
      address,
      dialect: ownDialect(),
      ...thisHost(),
      jobs,
      shouldStop: () => signals.stopped || performance.now() >= until,
      onReady: () => session.talk(`waiting for jobs on ${where}; Ctrl-C ends it`),
      talk: (line) => session.talk(line),
    }),
  );
  signals.deafen();
  if (session.json)
    session.printJson({ schema: 'relock.worker/1', queue: where, jobs: done } satisfies WorkerForm);
  else session.talk(`${count(done, 'job')} done`);
  return EXIT.fine;
}
