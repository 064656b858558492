/** What the pages know after a sequence of live messages. */

import { describe, expect, it } from 'vitest';
import { ALERTS_MAX, apply, BACKLOG_MS, parseMessage, type LiveCursor, type LiveTables } from '../src/lib/live/store';
import type { IncidentState, IncidentView, LiveMessage } from '../src/lib/types';

function tables(): LiveTables {
  return { incidents: new Map(), drones: new Map(), guards: new Map(), offers: new Map(), alerts: new Map(), notices: new Map() };
}

const account = { id: 'op', name: 'Op', role: 'operator' } as const;
const hello = (seq: number, who: { id: string; name: string; role: 'operator' } = account): LiveMessage => ({ type: 'hello', seq, account: who });

function view(id: string, state: IncidentState): IncidentView {
  const incident = { id, silent: false, drill: false, raised_at_ms: 0, cancel_until_ms: 0, state, places: [] };
  return { incident, offers: [], missions: [], guards: [] };
}
const incident = (seq: number, id: string, state: IncidentState): LiveMessage => ({ type: 'incident', seq, view: view(id, state) });

function after(messages: LiveMessage[], heardAtMs = 0): { known: LiveTables; cursor: LiveCursor } {
  const known = tables();
  const cursor: LiveCursor = { account: null, seq: 0, greetedAtMs: 0 };
  for (const message of messages) apply(known, cursor, message, heardAtMs);
  return { known, cursor };
}

const stateOf = (known: LiveTables, id: string): IncidentState | undefined => known.incidents.get(id)?.value.incident.state;

describe('incidents', () => {
  it.each<[string, LiveMessage[], IncidentState | undefined, number]>([
    ['the latest entry wins', [hello(1), incident(2, 'i', 'raised'), incident(5, 'i', 'assigned')], 'assigned', 5],
    ['a late older entry changes nothing', [hello(1), incident(5, 'i', 'assigned'), incident(2, 'i', 'raised')], 'assigned', 5],
    ['the same entry again replaces it', [hello(1), incident(5, 'i', 'offered'), incident(5, 'i', 'assigned')], 'assigned', 5],
    ['a reconnect to the same log keeps what is known', [hello(1), incident(5, 'i', 'closed'), hello(9)], 'closed', 5],
    ['a shorter log is another log', [hello(1), incident(5, 'i', 'closed'), hello(2)], undefined, 0],
    ['another account starts empty', [hello(1), incident(5, 'i', 'closed'), hello(9, { ...account, id: 'other' })], undefined, 0],
    ['one that may not be seen any more goes', [hello(1), incident(5, 'i', 'offered'), { type: 'incident_gone', incident: 'i' }], undefined, 5],
  ])('%s', (_, messages, state, seq) => {
    const { known, cursor } = after(messages);
    expect(stateOf(known, 'i')).toBe(state);
    expect(cursor.seq).toBe(seq);
  });
});

describe('offers', () => {
  const offer: LiveMessage = {
    type: 'offer',
    offer: { offer: 'o', incident: 'i', guard: 'g', eta_s: 60, expires_at_ms: 1, silent: false, drill: false, backup: false },
  };

  it('come, and go when they no longer stand', () => {
    expect(after([hello(1), offer]).known.offers.size).toBe(1);
    expect(after([hello(1), offer, { type: 'offer_gone', offer: 'o' }]).known.offers.size).toBe(0);
  });

  it('from before a gap are dropped: only what the server sends again still stands', () => {
    expect(after([hello(1), offer, hello(2)]).known.offers.size).toBe(0);
  });
});

describe('alerts and notices', () => {
  it('keep the newest when there are more than the bound', () => {
    const many = Array.from({ length: ALERTS_MAX + 5 }, (_, n): LiveMessage => ({ type: 'alert', id: `a${n}`, at_ms: n, alert: { alert: 'no_drone' } }));
    const { known } = after(many);
    expect(known.alerts.size).toBe(ALERTS_MAX);
    expect(known.alerts.has('a0')).toBe(false);
    expect(known.alerts.has(`a${ALERTS_MAX + 4}`)).toBe(true);
  });

  it('a notice that is told again after a reconnect is no news', () => {
    const known = tables();
    const cursor: LiveCursor = { account: null, seq: 0, greetedAtMs: 0 };
    const notice = (id: string): LiveMessage => ({ type: 'notice', id, incident: 'i', notice: 'closed' });
    apply(known, cursor, hello(1), 10_000);
    apply(known, cursor, notice('old'), 10_000 + BACKLOG_MS - 1);
    apply(known, cursor, notice('new'), 10_000 + BACKLOG_MS);
    expect([known.notices.get('old')?.repeated, known.notices.get('new')?.repeated]).toEqual([true, false]);
  });
});

it.each([['{', null], ['[]', null], ['{"kind":1}', null], ['{"type":7}', null]])('a frame that is no message is left out: %s', (text, expected) => {
  expect(parseMessage(text)).toBe(expected);
});
