import { ChainCore } from '../../engine/runtime/chain-core.js';

/** A chain without operators: notes what its task tells it. */
export class NotingCore extends ChainCore {
  readonly sites = [];
  readonly notes: string[];
  /** Rows that a real chain kept back would be written here. */
  whileFlushing: () => void = () => {};

  constructor(notes: string[] = []) {
    super();
    this.notes = notes;
  }

  onWatermark(watermarkMs: number): void {
    this.watermarkMs = watermarkMs;
    this.notes.push(`watermark ${watermarkMs}`);
  }

  resume(): void {
    this.notes.push('resume');
  }

  /** As last told. */
  freeMs = 0;

  onBatchEnd(freeMs: number): void {
    this.freeMs = freeMs;
    this.notes.push('onBatchEnd');
  }

  onIdle(idle: boolean): void {
    this.notes.push(idle ? 'idle' : 'active');
  }

  onFlush(): void {
    this.notes.push('onFlush');
    this.whileFlushing();
  }
}
