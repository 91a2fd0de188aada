import { listed } from './listed.ts';
import type { Notice } from './notice.ts';
import type { Restoration } from './restore-tags.ts';

/** What should be known of tags that were put back in the course of a phase; nothing where none had changed. */
export function tagNotices(restorations: readonly Restoration[]): Notice[] {
  const names = (which: 'found' | 'left', kind: 'brought' | 'moved'): string[] => [
    ...new Set(
      restorations.flatMap((one) => one[which][kind].map((tag) => (typeof tag === 'string' ? tag : tag.name))),
    ),
  ];
  const left = [...names('left', 'moved'), ...names('left', 'brought')];
  const moved = names('found', 'moved').filter((name) => !left.includes(name));
  const brought = names('found', 'brought').filter((name) => !left.includes(name));
  const done = [
    ...(moved.length === 0 ? [] : [`put back ${listed('tag', moved)} that a fetch had moved`]),
    ...(brought.length === 0 ? [] : [`removed ${listed('tag', brought)} that a fetch had brought`]),
  ];
  const problems = [...new Set(restorations.flatMap((one) => one.problems))].join('; ');
  return [
    ...(done.length === 0 ? [] : [notice('notice', done.join('; '))]),
    ...(left.length === 0
      ? []
      : [notice('warning', `a fetch changed ${listed('tag', left)}, and they could not be put back: ${problems}`)]),
  ];
}

/** What should be known where nobody could look at the tags after a fetch. */
export function unseenTags(why: string): Notice {
  return notice('warning', `whether a fetch changed tags could not be seen: ${why}`);
}

function notice(severity: Notice['severity'], message: string): Notice {
  return { severity, code: 'tags-restored', message };
}
