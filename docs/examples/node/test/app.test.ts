import assert from "node:assert/strict";
import { test } from "node:test";

import request from "supertest";

import { createApp } from "../src/app.js";

const app = createApp({ log: false });

test("quotes a parcel", async () => {
  const response = await request(app).post("/quotes").send({ zone: "city", grams: 1200 });
  assert.equal(response.status, 200);
  assert.deepEqual(response.body, { zone: "city", grams: 1200, cents: 440 });
});

test("says what is wrong", async () => {
  assert.equal((await request(app).post("/quotes").send({ zone: "city" })).status, 400);
  assert.equal((await request(app).post("/quotes").send({ zone: "moon", grams: 1 })).status, 422);
});
