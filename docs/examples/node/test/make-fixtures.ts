// Writes test/fixtures/deliveries.jsonl: a month of deliveries with the price each was charged. Same file every time.

import { writeFileSync } from "node:fs";

const zoneNames = ["city", "country", "neighbour", "world"] as const;
const base = { city: 390, country: 590, neighbour: 1290, world: 2190 };
const step = { city: 25, country: 45, neighbour: 110, world: 260 };

let state = 20240301;
function below(limit: number): number {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * limit);
}

const lines = Array.from({ length: 14_000 }, (_, index) => {
  const zone = zoneNames[below(zoneNames.length)]!;
  const grams = 50 + below(31_450);
  const cents = base[zone] + Math.max(0, Math.ceil((grams - 500) / 500)) * step[zone];
  const day = String(1 + below(31)).padStart(2, "0");
  const minute = below(24 * 60);
  const time = `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
  return JSON.stringify({ id: `P${100_000 + index}`, at: `2024-03-${day}T${time}:00Z`, zone, grams, cents });
});
writeFileSync(new URL("fixtures/deliveries.jsonl", import.meta.url), lines.join("\n") + "\n");
