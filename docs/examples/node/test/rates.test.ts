import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { priceCents } from "../src/rates.js";

interface Delivery {
  id: string;
  zone: string;
  grams: number;
  cents: number;
}

const deliveries = readFileSync(new URL("fixtures/deliveries.jsonl", import.meta.url), "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as Delivery);

test("a month of deliveries keeps its prices", () => {
  for (const { id, zone, grams, cents } of deliveries) {
    assert.equal(priceCents(zone, grams), cents, id);
  }
});

test("no price for what no parcel can be", () => {
  assert.equal(priceCents("moon", 500), undefined);
  assert.equal(priceCents("city", 0), undefined);
  assert.equal(priceCents("city", 31_501), undefined);
});
