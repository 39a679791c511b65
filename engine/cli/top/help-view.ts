/** What the keys do and what the signs mean. */
const LINES: readonly string[] = [
  'up, down, j, k      choose a vertex or a subtask; Page Up, Page Down, Home, End',
  'Enter, right, F2    the subtasks of the vertex',
  'f, F3               where its time goes, by operator, function and line; being',
  '                    shown costs the job some of its time',
  'Esc, left           back',
  '?, h, F1            this, and back',
  'q, F10, Ctrl-C      leave',
  '',
  'A name is blue while its tasks are idle, red while they are busy, and black',
  'while they are backpressured: they could work, and wait for those below.',
  'busy, back, idle    shares of the last second; held: by a rate, or a promise',
  'last minute         records a second, each vertex by a measure of its own',
  'sent, received      buffers in use of the senders and of the receiver: pressure',
  '                    walks from these to those, and on to whoever feeds them',
];

export function helpView(): readonly string[] {
  return LINES;
}
