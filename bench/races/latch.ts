/** Holds every caller until all have arrived; if one cannot, none waits any longer. */
export interface Latch {
  /** @throws the value given to `break` */
  arrive(): Promise<void>;
  break(why: unknown): void;
}

export function latch(wanted: number): Latch {
  let open = (): void => undefined;
  let refuse = (_why: unknown): void => undefined;
  const opened = new Promise<void>((resolve, reject) => {
    open = resolve;
    refuse = reject;
  });
  // A caller that is not waiting yet when it breaks fails on arrival.
  opened.catch(() => undefined);
  let arrived = 0;
  return {
    arrive() {
      arrived += 1;
      if (arrived === wanted) open();
      return opened;
    },
    break: (why) => refuse(why),
  };
}
