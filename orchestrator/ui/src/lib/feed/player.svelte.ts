/**
 * The live picture of one aircraft, kept alive: WebRTC by WHEP, begun anew whenever pictures stop, and a still every second while
 * WebRTC does not get through. Says how old the last picture is; never calls an old one live.
 */

import { API_BASE } from '../api';
import { clock } from '../clock.svelte';
import { SERVER_BACK } from '../live/connection.svelte';
import { isOld, isPicture, LATE_LOOK_MS, nextStep, vainTries, type FeedState } from './healing';

/** How often the age is looked at. */
const LOOK_MS = 200;
/** A connection that has not brought a picture after this is begun anew. */
const FIRST_PICTURE_MS = 4_000;
/** An answer of the server that takes longer is lost: a restart or another network. */
const ANSWER_MS = 2_000;
/** Between two stills. */
const STILL_MS = 1_000;
/** A still that takes longer than this is given up. */
const STILL_ANSWER_MS = 3_000;

interface Feeds {
  ice_servers: RTCIceServer[];
  feeds?: { drone: string; late_ms: number; problem?: FeedProblem | null }[];
}

/** Why a camera gives no picture, for those who can mend it: a kind that pages know, and the camera's own words. */
export interface FeedProblem {
  kind: string;
  detail: string;
}

export class FeedPlayer {
  /** What the page may say about the picture. */
  state = $state<FeedState>('connecting');
  /** How old what is seen is, milliseconds; null before the first picture. */
  ageMs = $state<number | null>(null);
  /** The stream for the video element. */
  stream = $state.raw<MediaStream | null>(null);
  /** Why there is none, when the server says. */
  problem = $state<FeedProblem | null>(null);
  /** The latest still, while WebRTC does not get through. */
  still = $state<string | null>(null);

  private peer: RTCPeerConnection | null = null;
  private resource: string | null = null;
  private lastPictureMs: number | null = null;
  private lastTimestamp: number | undefined;
  private lateMs = 0;
  private lateLookMs = 0;
  private lateBusy = false;
  private begunMs = 0;
  private startedMs = 0;
  /** Candidates found before the server named the viewing. */
  private early: string[] = [];
  private failures = 0;
  private refused = false;
  private busy = false;
  private stopped = true;
  private retryMs = 0;
  private stillMs = 0;
  private stillBusy = false;
  private timer: ReturnType<typeof setInterval> | undefined;

  constructor(readonly drone: string) {}

  start(): void {
    if (!this.stopped) return;
    this.stopped = false;
    this.startedMs = performance.now();
    this.timer = setInterval(() => this.look(), LOOK_MS);
    addEventListener('online', this.networkChanged);
    this.network?.addEventListener?.('change', this.networkChanged);
    addEventListener(SERVER_BACK, this.serverBack);
    void this.begin();
  }

  stop(): void {
    this.stopped = true;
    clearInterval(this.timer);
    removeEventListener('online', this.networkChanged);
    this.network?.removeEventListener?.('change', this.networkChanged);
    removeEventListener(SERVER_BACK, this.serverBack);
    this.end();
    if (this.still) URL.revokeObjectURL(this.still);
    this.still = null;
  }

  /** The video element has shown something. A stream without a connection shows a black one first, which is no picture of anything. */
  shown(frame: { rtpTimestamp?: number }): void {
    if (!isPicture(frame.rtpTimestamp, this.lastTimestamp, this.peer?.connectionState === 'connected')) return;
    this.lastTimestamp = frame.rtpTimestamp;
    this.lastPictureMs = performance.now();
    this.failures = 0;
    this.refused = false;
  }

  private get network(): EventTarget | undefined {
    return (navigator as unknown as { connection?: EventTarget }).connection;
  }

  private networkChanged = (): void => {
    this.retryMs = 0;
    void this.begin();
  };

  /** A server that was away has no connections any more; one that was only unheard by the page may still give a fresh picture. */
  private serverBack = (): void => {
    if (isOld(this.lastPictureMs === null ? null : performance.now() - this.lastPictureMs)) this.networkChanged();
  };

  /** A picture that has just come may have waited for seconds on its way to the server, which alone can tell. */
  private async lookHowLate(): Promise<void> {
    this.lateBusy = true;
    this.lateLookMs = performance.now();
    try {
      const answer = await fetch(`${API_BASE}/feeds`, { signal: AbortSignal.timeout(ANSWER_MS) });
      if (answer.ok) this.learn((await answer.json()) as Feeds);
    } catch {
      // What was said last stands; a server that is away sends no pictures either.
    } finally {
      this.lateBusy = false;
    }
  }

  private learn(told: Feeds): void {
    const feed = told.feeds?.find(({ drone }) => drone === this.drone);
    this.problem = feed?.problem ?? null;
    this.lateMs = feed?.late_ms ?? 0;
  }

  /** Looks at the age, and does what it asks for. */
  private look(): void {
    const nowMs = performance.now();
    const ageMs = this.lastPictureMs === null ? null : nowMs - this.lastPictureMs;
    if (!this.refused) this.failures = vainTries(this.failures, ageMs ?? nowMs - this.startedMs);
    const step = nextStep({
      ageMs,
      lateMs: this.lateMs,
      sinceBegunMs: nowMs - this.begunMs,
      sinceRetryMs: nowMs - this.retryMs,
      firstPictureMs: FIRST_PICTURE_MS,
      failures: this.failures,
      refused: this.refused,
      connected: this.peer !== null,
      hasStill: this.still !== null,
      busy: this.busy,
    });
    this.state = step.state;
    this.ageMs = ageMs === null ? null : ageMs + (step.stills ? 0 : this.lateMs);
    if (ageMs !== null && !step.stills && !this.lateBusy && LATE_LOOK_MS <= nowMs - this.lateLookMs) void this.lookHowLate();
    if (step.begin) void this.begin();
    if (step.stills && !this.stillBusy && STILL_MS <= nowMs - this.stillMs) void this.fetchStill();
  }

  private async begin(): Promise<void> {
    if (this.busy || this.stopped) return;
    this.busy = true;
    this.end();
    this.begunMs = this.retryMs = performance.now();
    try {
      await this.offer();
      // Only now it is a try of WebRTC; a server that is away says nothing about the way of the pictures.
      this.failures += 1;
    } catch {
      this.end();
    } finally {
      this.busy = false;
    }
  }

  private async offer(): Promise<void> {
    const feeds = await fetch(`${API_BASE}/feeds`, { signal: AbortSignal.timeout(ANSWER_MS) });
    const told: Feeds = feeds.ok ? ((await feeds.json()) as Feeds) : { ice_servers: [] };
    this.learn(told);
    const peer = new RTCPeerConnection({ iceServers: told.ice_servers });
    this.peer = peer;
    this.early = [];
    peer.addTransceiver('video', { direction: 'recvonly' });
    peer.ontrack = (event) => {
      // Shown as soon as it is there: an escort is watched, not enjoyed.
      (event.receiver as unknown as { jitterBufferTarget?: number }).jitterBufferTarget = 0;
      this.stream = new MediaStream([event.track]);
    };
    peer.onconnectionstatechange = () => {
      if (this.peer === peer && (peer.connectionState === 'failed' || peer.connectionState === 'disconnected')) void this.begin();
    };
    peer.onicecandidate = (event) => {
      if (this.peer === peer && event.candidate) this.found(event.candidate.candidate);
    };
    await peer.setLocalDescription(await peer.createOffer());
    const answer = await fetch(`${API_BASE}/feeds/${encodeURIComponent(this.drone)}/whep`, {
      method: 'POST',
      headers: { 'content-type': 'application/sdp' },
      body: peer.localDescription?.sdp ?? '',
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    clock.learn(answer.headers.get('date'));
    // One that is asked too often says nothing about what there is to see.
    this.refused = answer.status >= 400 && answer.status < 500 && answer.status !== 429;
    if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
    this.resource = answer.headers.get('location');
    await peer.setRemoteDescription({ type: 'answer', sdp: await answer.text() });
    for (const candidate of this.early.splice(0)) void this.trickle(candidate);
  }

  /** A relay may be found before the server's answer is there, and may be the only way. */
  private found(candidate: string): void {
    if (this.resource) void this.trickle(candidate);
    else this.early.push(candidate);
  }

  /** The server finds most viewers without it; behind a TURN server it may need it. */
  private async trickle(candidate: string): Promise<void> {
    const resource = this.resource;
    if (!resource || !candidate) return;
    await fetch(resource, {
      method: 'PATCH',
      headers: { 'content-type': 'application/trickle-ice-sdpfrag' },
      body: `a=${candidate}\r\n`,
    }).catch(() => undefined);
  }

  private end(): void {
    const { peer, resource } = this;
    this.peer = null;
    this.resource = null;
    // Closing a connection tells the server; one that never came up is taken back by its address, which spares the server the wait.
    const up = peer?.connectionState === 'connected';
    peer?.close();
    if (resource && !up) void fetch(resource, { method: 'DELETE', keepalive: true }).catch(() => undefined);
  }

  private async fetchStill(): Promise<void> {
    this.stillBusy = true;
    this.stillMs = performance.now();
    try {
      const answer = await fetch(`${API_BASE}/feeds/${encodeURIComponent(this.drone)}/still.jpg`, { signal: AbortSignal.timeout(STILL_ANSWER_MS) });
      if (answer.ok && !this.stopped) {
        const picture = URL.createObjectURL(await answer.blob());
        if (this.still) URL.revokeObjectURL(this.still);
        this.still = picture;
        this.lastPictureMs = performance.now() - Number(answer.headers.get('x-picture-age-ms') ?? 0);
      }
    } catch {
      // The age goes on growing, and the page says so.
    } finally {
      this.stillBusy = false;
    }
  }
}
