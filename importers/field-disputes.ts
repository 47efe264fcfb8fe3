// Facts of the field corpus that are shown to be errors of the expected facts, each with its reason.

const RAN_TOGETHER =
  'A mail client ran the stack lines together; frames that do not begin a line are missing from the expected list.';
const TWO_STACKS =
  'The stack of another task, under a Call Trace heading of its own, was appended to that of the hung task.';
const BEHIND_REGISTERS =
  'The stack goes on behind the register dump of the page fault; the expected list ends there.';
const PROSE = 'The line is prose that mentions such a report, a commit title, or a reply, not a report.';

/** Key: `LOG:LINE FIELD`, or `LOG:LINE` for a whole report. */
export const FIELD_DISPUTES: Readonly<Record<string, string>> = {
  'eml-intel-wired-lan-0a5a3342:17 frames': RAN_TOGETHER,
  'ml-intel-wired-lan-0a5a3342:17 frames': RAN_TOGETHER,
  'ml-intel-wired-lan-6e2afc73:23 frames': RAN_TOGETHER,
  'ml-block-a958cb42:9 frames': TWO_STACKS,
  'web-i915-mei-unload-hung-ci:5 frames': TWO_STACKS,
  'ml-btrfs-2ff99088:92 frames': BEHIND_REGISTERS,
  'ml-btrfs-7b4d4ce7:70 frames': BEHIND_REGISTERS,
  'ml-iommu-7164f78d:14': PROSE,
  'ml-kselftest-84441e9c:37': PROSE,
  'ml-xfs-b66a4551:14': PROSE,
  'ml-block-f7e5d716:23 scenario':
    'A `>` inside a lock name was taken for quoting and dropped from the name.',
  'ml-rdma-3b8b9c9a:27 held[0].at':
    'The expected place is the twin of an inlined function that a symboliser added; the kernel printed only the last of the lines.',
  'ml-usb-e42c3dce:18 lock.at':
    'The expected place is the twin of an inlined function that a symboliser added; the kernel printed only the last of the lines.',
  'ml-rdma-3b8b9c9a:27 what':
    'The sentence goes on on the next line; the expected fact ends where the mail was wrapped.',
  'syz-0386:1 frames': 'The first frame is marked (unreliable) by the powerpc unwinder.',
};
