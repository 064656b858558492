/** The guard's terminal: duty, position, offers and the incident in hand. Pages only draw what this knows. */

import { api } from '../../lib/api';
import { beat } from '../../lib/beat';
import { clock } from '../../lib/clock.svelte';
import { LiveConnection } from '../../lib/live/connection.svelte';
import { isOpen } from '../../lib/map/scene';
import { Position } from '../../lib/position.svelte';
import type { GuardNotice, GuardView, IncidentView, OfferNotice } from '../../lib/types';

/** A notice leaves by itself: the card below it says the same, and duress stays there in red. */
const NOTICE_SHOWN_MS = 20_000;

export class GuardTerminal {
  readonly live = new LiveConnection();
  readonly position = new Position();
  /** What the server last said about us. */
  #self = $state.raw<GuardView | null>(null);
  #incident = $state.raw<IncidentView | null>(null);
  #offersAtStart = $state.raw<OfferNotice[]>([]);
  /** Offers answered here, so that they leave the screen before the server says so. */
  answered = $state<Record<string, 'accepted' | 'declined' | 'gone'>>({});
  /** When the position that the server has was true; 0 when it has none. */
  positionSentAtMs = $state(0);
  /** Notices up to here were read. */
  noticesReadMs = $state(0);
  /** The server was told lately that somebody is here, with or without a place. */
  presenceSentAtMs = $state(0);
  #triedAtMs = 0;
  #beatTimer: number | undefined;
  #receipts = new Set<string>();

  constructor(readonly guardId: string) {}

  get self(): GuardView | null {
    return this.live.tables.guards.get(this.guardId)?.value ?? this.#self;
  }

  /** The incident this guard is on: the one assigned, as long as it is open and they were not stood down. */
  get incident(): IncidentView | null {
    const mine = [...this.live.tables.incidents.values()].map((known) => known.value).filter((view) => this.#isMine(view) && isOpen(view));
    const polled = this.#incident && this.#isMine(this.#incident) && isOpen(this.#incident) ? this.#incident : null;
    return mine.at(-1) ?? (polled && !this.live.tables.incidents.has(polled.incident.id) ? polled : null);
  }

  /** The offer to be answered now: the one that runs out first. */
  get offer(): OfferNotice | null {
    const known = this.live.state === 'live' ? [...this.live.tables.offers.values()] : this.#offersAtStart;
    const open = known.filter((offer) => !this.answered[offer.offer] && offer.expires_at_ms > clock.nowMs);
    return open.sort((a, b) => a.expires_at_ms - b.expires_at_ms)[0] ?? null;
  }

  /** An offer accepted here that still waits for the decision who goes. */
  get accepted(): OfferNotice | null {
    if (this.incident) return null;
    return [...this.live.tables.offers.values()].find((offer) => this.answered[offer.offer] === 'accepted') ?? null;
  }

  get notice(): GuardNotice | null {
    const unread = [...this.live.tables.notices.values()].filter(
      (heard) =>
        heard.heardAtMs > this.noticesReadMs &&
        !heard.repeated &&
        typeof heard.notice === 'string' &&
        clock.nowMs - heard.heardAtMs < NOTICE_SHOWN_MS,
    );
    return (unread.at(-1)?.notice as GuardNotice | undefined) ?? null;
  }

  #isMine(view: IncidentView): boolean {
    return view.incident.primary === this.guardId || view.incident.backup === this.guardId;
  }

  start(): void {
    this.live.start();
    this.position.start(() => this.#beat());
    this.#beatTimer = window.setInterval(() => this.#beat(), 1_000);
    void this.refresh();
  }

  stop(): void {
    this.live.stop();
    this.position.stop();
    window.clearInterval(this.#beatTimer);
  }

  async refresh(): Promise<void> {
    const { guard, offers, incident } = await api.guardSelf();
    this.#self = guard;
    this.#offersAtStart = offers;
    this.#incident = incident ?? null;
  }

  async setDuty(onDuty: boolean): Promise<void> {
    await api.duty(onDuty);
    await this.refresh();
    const known = this.live.tables.guards.get(this.guardId);
    if (known) this.live.tables.guards.set(this.guardId, { ...known, value: { ...known.value, on_duty: onDuty } });
    this.#beat();
  }

  /** Tells the server, once for each offer, that it is on the screen. */
  shown(offer: OfferNotice): void {
    if (this.#receipts.has(offer.offer)) return;
    this.#receipts.add(offer.offer);
    void api.offerReceived(offer.offer).catch(() => this.#receipts.delete(offer.offer));
  }

  async accept(offer: OfferNotice): Promise<void> {
    await api.acceptOffer(offer.offer);
    this.answered[offer.offer] = 'accepted';
  }

  async decline(offer: OfferNotice): Promise<void> {
    await api.declineOffer(offer.offer);
    this.answered[offer.offer] = 'declined';
  }

  #beat(): void {
    const nowMs = clock.read();
    const known = this.position.isKnown(nowMs);
    const moved = this.#sent !== this.position.current;
    const kind = beat({ onDuty: this.self?.on_duty ?? false, known, moved, sinceMs: nowMs - this.#triedAtMs });
    if (kind === 'nothing') return;
    this.#triedAtMs = nowMs;
    const fix = this.position.report();
    void (kind === 'position' && fix ? this.#postPosition(fix) : this.#postPresence());
  }

  #sent: unknown = null;

  async #postPosition(fix: Parameters<typeof api.guardPosition>[0]): Promise<void> {
    const sent = this.position.current;
    try {
      await api.guardPosition(fix);
      this.#sent = sent;
      this.positionSentAtMs = this.position.heardAtMs;
      this.presenceSentAtMs = clock.read();
    } catch {
      // The next beat tries again; the page shows how old the last one is.
    }
  }

  async #postPresence(): Promise<void> {
    try {
      await api.guardPresence();
      this.presenceSentAtMs = clock.read();
    } catch {
      // The next beat tries again.
    }
  }
}
