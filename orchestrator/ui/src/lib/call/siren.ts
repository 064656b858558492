/** A rising and falling tone, made on the spot so that no sound file has to be loaded. */

const LOW_HZ = 650;
const HIGH_HZ = 1_350;
const SWEEP_S = 0.7;

export class Siren {
  #context: AudioContext | null = null;

  get sounding(): boolean {
    return this.#context !== null;
  }

  start(): void {
    if (this.#context || typeof AudioContext === 'undefined') return;
    const context = new AudioContext();
    const tone = context.createOscillator();
    const sweep = context.createOscillator();
    const depth = context.createGain();
    const volume = context.createGain();
    tone.type = 'square';
    tone.frequency.value = (LOW_HZ + HIGH_HZ) / 2;
    sweep.type = 'triangle';
    sweep.frequency.value = 1 / (2 * SWEEP_S);
    depth.gain.value = (HIGH_HZ - LOW_HZ) / 2;
    volume.gain.value = 0.6;
    sweep.connect(depth).connect(tone.frequency);
    tone.connect(volume).connect(context.destination);
    tone.start();
    sweep.start();
    this.#context = context;
  }

  stop(): void {
    void this.#context?.close().catch(() => undefined);
    this.#context = null;
  }
}
